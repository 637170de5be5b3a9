// Compiled beside what `rawr typescript` makes of tests/wire/typescript_cases.py; never run.
import type { ORPCError } from '@orpc/client'
import { isDefinedError, safe } from '@orpc/client'
import { createRestClient, createRpcClient, type Colour, type Everything, type EverythingInput } from './everything.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<_T extends true>(): void {}

// What comes out: defaults are there, `null` is not absence, values are native.
is<Equal<Everything['text'], string>>()
is<Equal<Everything['nullable'], string | null>>()
is<Equal<Everything['defaulted'], number>>()
is<Equal<Pick<Everything, 'absent'>, { absent?: string }>>()
is<Equal<Pick<Everything, 'absentOrNull'>, { absentOrNull?: string | null }>>()
is<Equal<Everything['when'], Date>>()
is<Equal<Everything['day'], string>>()
is<Equal<Everything['amount'], string>>()
is<Equal<Everything['big'], bigint>>()
is<Equal<Everything['tags'], Set<string>>>()
is<Equal<Everything['dates'], Date[]>>()
is<Equal<Everything['byNumber'], Map<number, string>>>()
is<Equal<Everything['byColour'], Partial<Record<Colour, number>>>>()
is<Equal<Everything['pair'], [number, string]>>()
is<Equal<Everything['many'], number[]>>()
is<Equal<Everything['pet']['kind'], 'cat' | 'dog'>>()
is<Equal<Everything['colour'], 'red' | 'blue'>>()
is<Equal<Everything['level'], 1 | 2>>()
is<Equal<Everything['mixed'], 'a' | 1 | true | null>>()
is<Equal<Everything['url'], URL>>()
is<Equal<Everything['site'], URL>>()
is<Equal<Everything['pattern'], RegExp>>()
is<Equal<Everything['anything'], unknown>>()
is<Equal<Everything['tree']['children'][number]['label'], string>>()
is<Equal<Pick<Everything['entry'], 'note'>, { note?: string }>>()

// What goes in: what has a default may be left out, and nothing else.
is<Equal<Pick<EverythingInput, 'defaulted'>, { defaulted?: number }>>()
is<Equal<Pick<EverythingInput, 'nullable'>, { nullable: string | null }>>()
is<Equal<EverythingInput['amount'], number | string>>()

const rpc = createRpcClient({ origin: 'https://hq.example' })
const rest = createRestClient({ origin: 'https://hq.example', headers: { authorization: 'Bearer t' } })

export async function calls(everything: EverythingInput): Promise<void> {
  is<Equal<Awaited<ReturnType<typeof rpc.kinds.echo>>['when'], Date>>()
  const text = await rest.kinds.echo(everything)
  is<Equal<(typeof text)['when'], string>>()
  is<Equal<(typeof text)['tags'], string[]>>()

  for await (const tick of await rpc.kinds.ticks({ id: '1' })) is<Equal<typeof tick.at, Date>>()
  for await (const tick of await rest.kinds.ticks({ id: '1' })) is<Equal<typeof tick.at, string>>()

  const tally = await rpc.kinds.tally()
  const step = await tally.next()
  if (step.done) is<Equal<typeof step.value.at, Date>>()
  else is<Equal<typeof step.value.n, number>>()

  await rpc.kinds.upload({ title: 't', files: [new File(['a'], 'a.txt'), new Blob(['b'])] })
  const nothing = await rpc.kinds.ping()
  is<Equal<typeof nothing, void>>()

  const [error] = await safe(rpc.kinds.find({ id: 'x' }))
  if (isDefinedError(error)) {
    is<Equal<typeof error.code, 'GONE' | 'TEAPOT'>>()
    if (error.code === 'GONE') error.data.id satisfies string
  }
  error satisfies Error | ORPCError<string, unknown> | null

  // @ts-expect-error: the input is asked for
  await rpc.kinds.find()
  // @ts-expect-error: a number is no id
  await rpc.kinds.find({ id: 1 })
  // @ts-expect-error: nothing is taken
  await rpc.kinds.ping({ id: '1' })
  // @ts-expect-error: there is no such procedure
  await rpc.kinds.missing()
}
