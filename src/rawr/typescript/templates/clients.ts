/** What every client needs to know of the HQ. */
export interface ClientOptions {
  /** Scheme, host and port of the HQ, such as https://hq.example.com. */
  readonly origin: string
  /** Sent with every call: a token, or what a web plugin is mounted with. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the global fetch. */
  readonly fetch?: (request: Request, init: RequestInit) => Promise<Response>
}
