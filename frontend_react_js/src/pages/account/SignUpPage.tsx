import { Link, useNavigate } from "react-router";
import { signUp } from "../../auth/account.ts";
import { AccountForm, EmailField, Field, NewPasswordField } from "./AccountForm.tsx";

export function SignUpPage() {
  const navigate = useNavigate();
  const act = async ({ name = "", handle = "", email = "", password = "" }: Record<string, string>) => {
    const person = { name: name.trim(), handle: handle.trim(), email: email.trim(), password };
    const next = await signUp(person);
    await navigate(next === "done" ? "/signin" : "/confirm", { state: { email: person.email } });
  };
  return (
    <AccountForm
      title="Create an account"
      button="Create the account"
      act={act}
      below={
        <p className="account-links">
          <Link to="/signin">Sign in instead</Link>
        </p>
      }
    >
      <Field label="Name" name="name" autoComplete="name" maxLength={50} autoFocus />
      <Field
        label="Handle"
        name="handle"
        autoComplete="nickname"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={30}
        pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
        hint="Letters, digits and _ . - : what others write to, as @handle."
      />
      <EmailField />
      <NewPasswordField />
    </AccountForm>
  );
}
