/**
 * What went wrong, with a stable code to switch on: the API's problem details, and a few of our
 * own.
 */

export interface ProblemFields {
  code: string;
  /** The HTTP status; 0 where there was none. */
  status?: number;
  detail?: string;
  context?: Record<string, unknown>;
  retryAfterMs?: number | null;
  cause?: unknown;
}

export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** The values that explain it. */
  readonly context: Record<string, unknown>;
  readonly retryAfterMs: number | null;

  constructor(fields: ProblemFields) {
    const { code, status = 0, detail = "", context = {}, retryAfterMs = null, cause } = fields;
    super(detail || code, { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.context = context;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The problem that an answer tells; what stands between us and the API may answer in other forms.
 */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const members = typeof body === "object" && body !== null ? body : {};
  const { code, detail, type, title, status, ...context } = members as Record<string, unknown>;
  return new Problem({
    code: typeof code === "string" ? code : `http_${response.status}`,
    status: response.status,
    detail: typeof detail === "string" ? detail : "",
    context,
    // A page of another origin cannot see the header unless it is exposed.
    retryAfterMs: millisecondsOf(response.headers.get("Retry-After") ?? context.retry_after_s),
  });
}

/** A number of seconds as milliseconds; null for anything else. */
export function millisecondsOf(seconds: unknown): number | null {
  const milliseconds = Number(seconds ?? Number.NaN) * 1000;
  return Number.isFinite(milliseconds) && milliseconds >= 0 ? milliseconds : null;
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // What `fetch` and our transport throw where no answer came.
  if (error instanceof TypeError) return new Problem({ code: "connection_lost", cause: error });
  return new Problem({ code: "unexpected", detail: String(error), cause: error });
}
