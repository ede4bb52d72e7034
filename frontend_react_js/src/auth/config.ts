/** What the server tells the page, so that one build works on a laptop and on AWS. */
export type Config = {
  user_pool_id: string;
  user_pool_client_id: string;
  /** Where Cognito is, if it is not the real one. */
  cognito_endpoint: string | null;
};

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`/config.json was answered with ${answer.status}`);
  return answer.json() as Promise<Config>;
}
