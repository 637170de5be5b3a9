// @orpc/tanstack-query against the server whose base URL comes on stdin; writes what it saw.
import { createORPCClient, isDefinedError } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { createTanstackQueryUtils } from '@orpc/tanstack-query'
import { InfiniteQueryObserver, MutationObserver, QueryClient } from '@tanstack/query-core'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const orpc = createTanstackQueryUtils(createORPCClient(new RPCLink({ url: `${baseUrl}/rpc` })))
const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })

const before = await queries.fetchQuery(orpc.notes.list.queryOptions({ input: { cursor: 0 } }))

const mutation = new MutationObserver(queries, orpc.notes.add.mutationOptions({
  onSuccess: () => queries.invalidateQueries({ queryKey: orpc.notes.list.key() }),
}))
const added = await mutation.mutate({ text: 'third', at: new Date(0) })
const isStale = queries.getQueryState(orpc.notes.list.queryKey({ input: { cursor: 0 } })).isInvalidated
const after = await queries.fetchQuery(orpc.notes.list.queryOptions({ input: { cursor: 0 } }))

const pages = new InfiniteQueryObserver(queries, orpc.notes.list.infiniteOptions({
  input: (cursor) => ({ cursor }),
  initialPageParam: 0,
  getNextPageParam: (page) => page.next ?? undefined,
}))
await pages.fetchOptimistic(pages.options)
const { data: infinite } = await pages.fetchNextPage()

const streamed = await queries.fetchQuery(orpc.notes.watch.experimental_streamedOptions({ input: { count: 3 } }))
const live = await queries.fetchQuery(orpc.notes.watch.experimental_liveOptions({ input: { count: 3 } }))

const refused = await mutation.mutate({ text: '', at: new Date(0) }).catch((error) => error)

console.log(JSON.stringify({
  before: before.items.map(({ text }) => text),
  added: { text: added.text, isDate: added.at instanceof Date },
  isStale,
  after: after.items.map(({ text }) => text),
  infinite: infinite.pages.map((page) => page.items.map(({ text }) => text)),
  streamed,
  live,
  refused: { code: refused.code, isDefined: isDefinedError(refused), data: refused.data },
}))
process.exit(0)
