/** First-party calls over OpenAPI, on $mount, with the session's cookie; dates come as text. */
export function $factory(
  options: ClientOptions,
): JsonifiedClient<ContractRouterClient<typeof $contract>> {
  const send = options.fetch ?? globalThis.fetch
  return createORPCClient(
    new OpenAPILink($contract, {
      url: `$${options.origin}$mount`,
      headers: () => ({ 'x-csrf-token': 'orpc', ...options.headers }),
      fetch: (request, init) => send(request, { ...init, credentials: 'include' }),
    }),
  )
}
