import { useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { confirm, explain, sendCodeAgain } from "../../auth/account.ts";
import { AccountForm, CodeField, EmailField } from "./AccountForm.tsx";

export function ConfirmPage() {
  const { email: known = "" } = (useLocation().state ?? {}) as { email?: string };
  const [email, setEmail] = useState(known);
  const [told, setTold] = useState("");
  const navigate = useNavigate();
  const act = async ({ code = "" }: Record<string, string>) => {
    await confirm(email.trim(), code.trim());
    await navigate("/signin", { state: { email: email.trim(), told: "Your account is confirmed. Sign in." } });
  };
  const again = () => sendCodeAgain(email.trim()).then(() => setTold("Another code is on its way."), (error) => setTold(explain(error)));
  return (
    <AccountForm
      title="Confirm your e-mail"
      hint="One more step: prove that the address is yours."
      button="Confirm"
      act={act}
      below={
        <>
          <p role="status" className="muted">
            {told}
          </p>
          <p className="account-links">
            <button type="button" className="link" onClick={() => void again()}>
              Send the code again
            </button>
            <Link to="/signin">Sign in</Link>
          </p>
        </>
      }
    >
      <EmailField value={email} onChange={(event) => setEmail(event.target.value)} autoFocus={!known} />
      <CodeField />
    </AccountForm>
  );
}
