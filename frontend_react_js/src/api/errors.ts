/** What can go wrong with a request, and the words for it. */

const WORDS: Record<string, string> = {
  unreachable: "Cruddur cannot be reached.",
  unavailable: "Cruddur is busy. This will be tried again.",
  rate_limited: "That was a lot at once. Wait a moment.",
  message_blank: "Write something first.",
  message_exceed_max_chars: "That is too long: 280 characters at most.",
  message_exceed_max_chars_1024: "That is too long: 1,024 characters at most.",
  message_invalid: "This text has characters that cannot be stored.",
  message_not_found: "This message is not there any more.",
  message_not_yours: "Only the sender can change a message.",
  message_deleted: "This message was deleted meanwhile.",
  message_changed: "This message was changed in another window. Look at it again.",
  message_group_not_found: "This conversation does not exist, or is not yours to read.",
  message_group_full: "A group has at most 50 people.",
  message_group_direct: "A conversation of two stays one of two. Start a group instead.",
  not_the_creator: "Only the person who started the group can do this.",
  user_blocked: "You have blocked this person. Unblock them to write.",
  user_not_found: "There is nobody with this handle.",
  user_reciever_handle_unknown: "There is nobody with this handle.",
  user_reciever_handle_own: "This is you.",
  display_name_blank: "A name is needed.",
  display_name_exceed_max_chars_50: "A name has at most 50 characters.",
  bio_exceed_max_chars_500: "That is too long: 500 characters at most.",
  account_conflict: "The e-mail address belongs to another account.",
  token_missing: "Sign in first.",
  not_found: "There is nothing here.",
};

export class ApiError extends Error {
  /** `status` is 0 if there was no answer; `codes` are the API's own, stable ones. */
  constructor(
    readonly status: number,
    readonly codes: string[],
    readonly retryAfterMs: number | null = null,
  ) {
    super(codes.map((code) => WORDS[code] ?? "Something went wrong. Try again.").join(" "));
  }

  static unreachable = () => new ApiError(0, ["unreachable"]);

  /** 422 is an array of codes, everything else an RFC 9457 problem; what is neither comes from something in between. */
  static async of(answer: Response): Promise<ApiError> {
    const body: unknown = await answer.json().catch(() => null);
    const codes = Array.isArray(body) ? body.map(String) : [codeOf(body) ?? `http_${answer.status}`];
    const seconds = Number(answer.headers.get("Retry-After"));
    return new ApiError(answer.status, codes, seconds > 0 ? seconds * 1000 : null);
  }

  /** Whether the same request may go well later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const codeOf = (body: unknown): string | null =>
  typeof body === "object" && body !== null && "code" in body ? String(body.code) : null;

export const isTemporary = (error: unknown): boolean => error instanceof ApiError && error.isTemporary;

export const wordsOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : "Something went wrong. Try again.";
