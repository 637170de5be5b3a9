/** Calls over OpenAPI, on $mount, with a token in `headers`; dates come as text. */
export function $factory(
  options: ClientOptions,
): JsonifiedClient<ContractRouterClient<typeof $contract>> {
  const send = options.fetch ?? globalThis.fetch
  return createORPCClient(
    new OpenAPILink($contract, {
      url: `$${options.origin}$mount`,
      headers: () => ({ ...options.headers }),
      fetch: (request, init) => send(request, init),
    }),
  )
}
