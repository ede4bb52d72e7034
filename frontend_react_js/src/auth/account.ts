/** Signing in, up and out, by Amplify. Only the pages that do this load it: it is half of Amplify's size. */
import * as cognito from "aws-amplify/auth";
import { set } from "./session.ts";

export type Next = "done" | "confirm";

export async function signIn(email: string, password: string): Promise<Next> {
  const { isSignedIn, nextStep } = await cognito.signIn({ username: email, password });
  if (isSignedIn) set("in");
  else if (nextStep.signInStep === "CONFIRM_SIGN_UP") return "confirm";
  else throw new Error(`This account asks for a step that this page does not know: ${nextStep.signInStep}`);
  return "done";
}

export async function signUp(person: { name: string; handle: string; email: string; password: string }): Promise<Next> {
  const { name, handle, email, password } = person;
  const userAttributes = { name, email, preferred_username: handle };
  const { isSignUpComplete } = await cognito.signUp({ username: email, password, options: { userAttributes } });
  return isSignUpComplete ? "done" : "confirm";
}

export const confirm = (email: string, code: string) =>
  cognito.confirmSignUp({ username: email, confirmationCode: code });

export const sendCodeAgain = (email: string) => cognito.resendSignUpCode({ username: email });

export const forgotPassword = (email: string) => cognito.resetPassword({ username: email });

export const choosePassword = (email: string, code: string, password: string) =>
  cognito.confirmResetPassword({ username: email, confirmationCode: code, newPassword: password });

export async function signOut(): Promise<void> {
  // Whether or not Cognito could be told, this window forgets the tokens.
  await cognito.signOut().catch(() => undefined);
  set("out");
}

const WORDS: Record<string, string> = {
  NotAuthorizedException: "The e-mail address or the password is not right.",
  UserNotFoundException: "The e-mail address or the password is not right.",
  UserNotConfirmedException: "This account is not confirmed yet.",
  UsernameExistsException: "There is an account with this e-mail address already. Sign in instead.",
  InvalidPasswordException: "The password needs 8 characters or more, with upper and lower case, a digit and a symbol.",
  CodeMismatchException: "This is not the code that was sent. Look at the newest e-mail.",
  ExpiredCodeException: "This code has expired. Ask for a new one.",
  LimitExceededException: "Too many attempts. Wait a few minutes and try again.",
  TooManyRequestsException: "Too many attempts. Wait a few minutes and try again.",
  NetworkError: "The sign-in service does not answer. Check the connection and try again.",
};

/** What an error of the above means, for a person. */
export function explain(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  return WORDS[name] ?? (message || "Something went wrong. Try again.");
}
