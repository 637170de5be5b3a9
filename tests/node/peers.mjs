// The procedures and values of the golden transcripts, on the real @orpc/server.
import { eventIterator, ORPCError, os, withEventMeta } from '@orpc/server'
import { z } from 'zod'

const day = new Date('2022-01-01T00:00:00.000Z')
const epoch = new Date(0)

export const values = {
  undefined: undefined,
  null: null,
  true: true,
  text: 'é"\\\n\u2028😀',
  zero: 0,
  negativeZero: -0,
  float: 1.5,
  wholeFloat: 3,
  largeFloat: 1e21,
  smallFloat: 1e-7,
  infinity: Number.POSITIVE_INFINITY,
  maxSafeInteger: Number.MAX_SAFE_INTEGER,
  bigint: 123456789012345678901n,
  negativeBigint: -9007199254740992n,
  date: day,
  dateWithMilliseconds: new Date('1999-12-31T23:59:59.007Z'),
  invalidDate: new Date(Number.NaN),
  nan: Number.NaN,
  url: new URL('https://x.y/z?q=1'),
  regexp: /a\/b/gi,
  set: new Set([1]),
  setOfObjects: new Set([{ at: day }, [1n]]),
  map: new Map([['k', 1n], ['d', day]]),
  mapWithAnyKeys: new Map([[day, 'at'], [new Set([1n]), 'set']]),
  emptyMap: new Map(),
  emptyObject: {},
  emptyArray: [],
  undefinedInArray: [undefined, 1n, undefined],
  undefinedProperty: { here: 1, gone: undefined },
  nested: { list: [{ at: day, deep: { set: new Set([new Map([['k', [epoch]]])]) } }] },
  everything: {
    s: 'x', big: 123n, d: day, inv: new Date(Number.NaN), nan: Number.NaN, inf: Number.POSITIVE_INFINITY, neg0: -0,
    arr: [undefined, 1n], url: new URL('https://x.y/z?q=1'), re: /a\/b/gi, map: new Map([['k', 1n], [epoch, 'v']]), nul: null,
  },
}

export const files = {
  root: () => new File(['hello'], 'hé"llo.txt', { type: 'text/plain' }),
  blob: () => new Blob(['abc'], { type: 'image/png' }),
  untyped: () => new File(['x'], 'x'),
  empty: () => new File([], 'empty.bin', { type: 'application/pdf' }),
  nested: () => ({ files: [new File(['one'], '1.txt', { type: 'text/plain' }), { at: day, two: new Blob(['two']) }], n: 1n }),
}

const identity = os.handler(({ input }) => input)
const payment = os.errors({ PAYMENT: { status: 402, message: 'pay', data: z.object({ amt: z.number() }) } })

export const rpcRouter = {
  echo: identity,
  nothing: os.handler(() => {}),
  read: os.route({ method: 'GET' }).handler(({ input }) => input),
  nested: { 'a b/c': identity },
  value: os.handler(({ input }) => values[input]),
  file: os.handler(({ input }) => files[input]()),
  validate: os.input(z.object({ n: z.number() })).handler(({ input }) => input.n),
  badOutput: os.output(z.string()).handler(() => 1),
  plainError: os.handler(() => {
    throw new Error('secret')
  }),
  conflict: os.handler(() => {
    throw new ORPCError('CONFLICT')
  }),
  custom: os.handler(() => {
    throw new ORPCError('CUSTOM', { data: { d: epoch } })
  }),
  teapot: os.handler(() => {
    throw new ORPCError('TEAPOT', { status: 418, message: 'short and stout' })
  }),
  defined: payment.handler(({ errors }) => {
    throw errors.PAYMENT({ data: { amt: 1 } })
  }),
  undeclaredData: payment.handler(() => {
    throw new ORPCError('PAYMENT', { status: 402, data: { amt: 'x' } })
  }),
  stream: os.handler(async function* ({ input }) {
    switch (input) {
      case 'items':
        yield { n: 1 }
        yield day
        yield undefined
        break
      case 'meta':
        yield withEventMeta({ d: epoch }, { id: 'e2', retry: 1500, comments: ['hello'] })
        break
      case 'result':
        yield 1
        return { fin: 1n }
      case 'error':
        yield 1
        throw new ORPCError('TEAPOT', { status: 418, data: 1 })
      case 'plainError':
        throw new Error('secret')
    }
  }),
  typedStream: os.output(eventIterator(z.object({ n: z.number() }))).handler(async function* () {
    yield { n: 'wrong' }
  }),
  upload: os.handler(async ({ input }) => {
    const items = []
    for await (const item of input) {
      items.push(item)
    }
    return items
  }),
}

const planet = z.object({ id: z.string(), tags: z.array(z.string()).optional() })

export const openapiRouter = {
  find: os.route({ method: 'GET', path: '/planets/{id}' }).input(planet).handler(({ input }) => input),
  search: os.route({ method: 'GET', path: '/planets' }).handler(({ input }) => input),
  create: os.route({ method: 'POST', path: '/planets', successStatus: 201 }).handler(({ input }) => input),
  value: os.route({ method: 'POST', path: '/value' }).handler(({ input }) => values[input.name]),
  file: os.route({ method: 'POST', path: '/file' }).handler(({ input }) => files[input.name]()),
  nothing: os.route({ method: 'POST', path: '/nothing' }).handler(() => {}),
  upload: os.route({ method: 'POST', path: '/upload' }).handler(() => 'ok'),
  gone: os.route({ method: 'POST', path: '/gone' }).errors({ GONE: { status: 410, message: 'gone', data: z.object({ a: z.number() }) } })
    .handler(({ errors }) => {
      throw errors.GONE({ data: { a: 1 } })
    }),
  stream: os.route({ method: 'POST', path: '/stream' }).handler(async function* ({ input }) {
    yield { d: day }
    yield undefined
    if (input.fails) {
      throw new ORPCError('TEAPOT', { status: 418, data: { at: day } })
    }
    return input.result
  }),
}
