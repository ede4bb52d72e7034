/** What every story needs: the system, people in it, and windows in which they do something. */
import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

const need = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. pytest tests/e2e/browser runs the stories`);
  return value;
};

export const URL_OF_PAGE = need("STORY_URL");
const PASSWORD = need("STORY_PASSWORD");
const CONTROL = need("STORY_CONTROL");

type Stored = { name: string; value: string };
type Tokens = { AccessToken: string; IdToken: string; RefreshToken: string };
export type Person = { name: string; handle: string; email: string };
export const seeded = (handle: string, name: string): Person => ({ handle, name, email: `${handle}@cruddur.example` });
export const password = PASSWORD;

let browser: Browser;
const contexts: BrowserContext[] = [];
const tokens = new Map<string, Tokens>();
let people = 0;

/** Opens the browser for the stories of a file, and closes their windows after each. */
export function stage(): void {
  beforeAll(async () => {
    browser = await chromium.connect(need("STORY_BROWSER"));
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(() => browser.close());
}

/** A window of somebody who is not signed in. Errors of the page fail the story. */
export async function window(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: URL_OF_PAGE, viewport: { width: 1280, height: 800 }, ...options });
  contexts.push(context);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.fail(`the page failed: ${error.message}`));
  return page;
}

/** A window of somebody who is signed in, at an address. How one signs in by the page is a story of its own. */
export async function windowOf(person: Person, path = "/messages", options: BrowserContextOptions = {}): Promise<Page> {
  const localStorage = await storageOf(person);
  const page = await window({ ...options, storageState: { cookies: [], origins: [{ origin: URL_OF_PAGE, localStorage }] } });
  await page.goto(path);
  return page;
}

/** What Amplify keeps of somebody who has signed in. */
async function storageOf(person: Person): Promise<Stored[]> {
  const { user_pool_client_id: client } = await configOfPage();
  const { AccessToken, IdToken, RefreshToken } = await authenticated(person);
  const { username } = JSON.parse(Buffer.from(AccessToken.split(".")[1] ?? "", "base64url").toString()) as { username: string };
  const values = { accessToken: AccessToken, idToken: IdToken, refreshToken: RefreshToken, clockDrift: "0" };
  const prefix = `CognitoIdentityServiceProvider.${client}`;
  return [
    { name: `${prefix}.LastAuthUser`, value: username },
    ...Object.entries(values).map(([name, value]) => ({ name: `${prefix}.${username}.${name}`, value })),
  ];
}

export async function signIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/messages");
}

export type NewPerson = Person & { token: string };

/** Somebody new, who has signed up and confirmed, and is known to the API. */
export async function newPerson(name: string): Promise<NewPerson> {
  const handle = `${name.toLowerCase().replaceAll(/[^a-z]/g, "")}${Date.now() % 1e6}${++people}`;
  const person = { name, handle, email: `${handle}@cruddur.example` };
  const who = { ClientId: (await configOfPage()).user_pool_client_id, Username: person.email };
  const attributes = { name, email: person.email, preferred_username: handle };
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  await cognito("SignUp", { ...who, Password: PASSWORD, UserAttributes });
  await cognito("ConfirmSignUp", { ...who, ConfirmationCode: "123456" });
  const token = await tokenOf(person);
  await asked(token, "GET", "/api/users/me");
  return { ...person, token };
}

/** Two or three of them. */
export function newPeople(one: string, two: string): Promise<[NewPerson, NewPerson]>;
export function newPeople(one: string, two: string, three: string): Promise<[NewPerson, NewPerson, NewPerson]>;
export function newPeople(...names: string[]): Promise<NewPerson[]> {
  return Promise.all(names.map(newPerson));
}

export const tokenOf = async (person: Person): Promise<string> => (await authenticated(person)).AccessToken;

async function authenticated(person: Person): Promise<Tokens> {
  const known = tokens.get(person.handle);
  if (known) return known;
  const { user_pool_client_id: ClientId } = await configOfPage();
  const AuthParameters = { USERNAME: person.email, PASSWORD };
  const answer = await cognito("InitiateAuth", { ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters });
  const given = (answer as { AuthenticationResult: Tokens }).AuthenticationResult;
  tokens.set(person.handle, given);
  return given;
}

/** What the API answers to somebody outside of any window. */
export async function asked<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await reach(URL_OF_PAGE + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json() as Promise<T>;
}

export type Sent = { uuid: string; message_group_uuid: string; message: string };

export const write = (token: string, handle: string, message: string): Promise<Sent> =>
  asked<Sent>(token, "POST", "/api/messages", { handle, message });

/** "stop" or "start" of "api" or "trigger". */
export async function control(action: "stop" | "start", part: "api" | "trigger"): Promise<void> {
  const answer = await reach(`${CONTROL}/${action}/${part}`, { method: "POST" });
  if (!answer.ok) throw new Error(`could not ${action} ${part}`);
}

export const bubbles = (page: Page): Locator => page.locator(".bubble");
export const bubble = (page: Page, text: string): Locator => bubbles(page).filter({ hasText: text });

export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}

/** A message that has arrived, not one on its way. */
export const arrived = (page: Page, text: string): Locator => page.locator(".bubble[data-uuid]").filter({ hasText: text });

/** A server closes a connection that was idle; what is sent at that moment is sent again. */
const reach: typeof fetch = (...asked) => fetch(...asked).catch(() => fetch(...asked));

type Config = { user_pool_client_id: string; cognito_endpoint: string };
let config: Promise<Config> | undefined;
const configOfPage = (): Promise<Config> =>
  (config ??= reach(`${URL_OF_PAGE}/config.json`).then((answer) => answer.json() as Promise<Config>));

async function cognito(action: string, body: unknown): Promise<unknown> {
  const answer = await reach((await configOfPage()).cognito_endpoint, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
