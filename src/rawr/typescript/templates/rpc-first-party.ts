/** First-party calls over RPC, on $mount: every value keeps its type. */
export function $factory(options: ClientOptions): ContractRouterClient<typeof $contract> {
  const send = options.fetch ?? globalThis.fetch
  return createORPCClient(
    new RPCLink({
      url: `$${options.origin}$mount`,
      headers: () => ({ 'x-csrf-token': 'orpc', ...options.headers }),
      fetch: (request, init) => send(request, { ...init, credentials: 'include' }),
    }),
  )
}
