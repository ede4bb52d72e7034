/** A form that asks Cognito for something: its fields, its one button, and what went wrong. */
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { explain } from "../../auth/account.ts";

type Props = {
  title: string;
  hint?: ReactNode;
  button: string;
  /** Gets the fields by name. */
  act: (fields: Record<string, string>) => Promise<void>;
  children: ReactNode;
  below?: ReactNode;
};

export function AccountForm({ title, hint, button, act, children, below }: Props) {
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${title} · Cruddur`;
  }, [title]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setBusy(true);
    setError("");
    await act(fields).catch((problem: unknown) => setError(explain(problem)));
    setBusy(false);
  };
  return (
    <form className="form account-form" onSubmit={(event) => void submit(event)}>
      <h1>{title}</h1>
      {hint && <p className="muted">{hint}</p>}
      {children}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" className="button primary" disabled={isBusy}>
        {button}
      </button>
      {below}
    </form>
  );
}

type FieldProps = { label: string; hint?: string } & React.ComponentProps<"input">;

export function Field({ label, hint, ...input }: FieldProps) {
  return (
    <label>
      {label}
      <input required {...input} />
      {hint && <small>{hint}</small>}
    </label>
  );
}

const PASSWORD = "8 characters or more, with upper and lower case, a digit and a symbol.";

export const EmailField = (input: React.ComponentProps<"input">) => (
  <Field label="E-mail" name="email" type="email" autoComplete="username" {...input} />
);

export const CodeField = () => (
  <Field label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" hint="It was sent by e-mail." />
);

export const NewPasswordField = () => (
  <Field label="Password" name="password" type="password" autoComplete="new-password" minLength={8} hint={PASSWORD} />
);
