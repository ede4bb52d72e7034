import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { choosePassword, forgotPassword } from "../../auth/account.ts";
import { AccountForm, CodeField, EmailField, NewPasswordField } from "./AccountForm.tsx";

const BELOW = (
  <p className="account-links">
    <Link to="/signin">Back to sign in</Link>
  </p>
);

/** Two steps: ask for a code, then choose a new password with it. */
export function RecoverPage() {
  const [email, setEmail] = useState("");
  const navigate = useNavigate();
  if (!email) {
    const act = async (fields: Record<string, string>) => {
      const address = (fields["email"] ?? "").trim();
      await forgotPassword(address);
      setEmail(address);
    };
    return (
      <AccountForm key="ask" title="Recover your account" hint="A code will be sent to your e-mail." button="Send a code" act={act} below={BELOW}>
        <EmailField autoFocus />
      </AccountForm>
    );
  }
  const act = async ({ code = "", password = "" }: Record<string, string>) => {
    await choosePassword(email, code.trim(), password);
    await navigate("/signin", { state: { email, told: "Your password is changed. Sign in." } });
  };
  return (
    <AccountForm key="choose" title="Choose a new password" hint={`A code is on its way to ${email}.`} button="Change the password" act={act} below={BELOW}>
      <CodeField />
      <NewPasswordField />
    </AccountForm>
  );
}
