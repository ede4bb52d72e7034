import { Link, Navigate, useLocation, useNavigate } from "react-router";
import { signIn } from "../../auth/account.ts";
import { useSession } from "../../auth/session.ts";
import { AccountForm, EmailField, Field } from "./AccountForm.tsx";

/** `next` is where the person wanted to go; `told` is what another page has done. */
type From = { next?: string; ended?: boolean; told?: string; email?: string } | null;

export function SignInPage() {
  const from = useLocation().state as From;
  const session = useSession();
  const navigate = useNavigate();
  if (session === "in") return <Navigate to={from?.next ?? "/messages"} replace />;
  const act = async ({ email = "", password = "" }: Record<string, string>) => {
    const next = await signIn(email.trim(), password);
    if (next === "confirm") await navigate("/confirm", { state: { email: email.trim() } });
  };
  const hint = from?.told ?? (from?.ended || session === "ended" ? "You were signed out. Sign in again to go on." : "");
  return (
    <AccountForm
      title="Sign in"
      hint={hint}
      button="Sign in"
      act={act}
      below={
        <p className="account-links">
          <Link to="/signup">Create an account</Link>
          <Link to="/recover">Forgot the password?</Link>
        </p>
      }
    >
      <EmailField defaultValue={from?.email} autoFocus={!from?.email} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" autoFocus={!!from?.email} />
    </AccountForm>
  );
}
