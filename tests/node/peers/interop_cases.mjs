// One set of procedures for every transport, on the real @orpc/server; its twin in Python is
// tests/wire/interop.py. The values and files are those of the golden transcripts.
import { eventIterator, ORPCError, os, withEventMeta } from '@orpc/server'
import { z } from 'zod'
import { files, values } from '../peers.mjs'

export { files, values }

const day = new Date('2022-01-01T00:00:00.000Z')
const any = z.any()
const base = os.errors({ PAYMENT: { status: 402, message: 'pay', data: z.object({ amt: z.number() }) } })

const fail = ({ input: { kind }, errors }) => {
  switch (kind) {
    case 'defined':
      throw errors.PAYMENT({ data: { amt: 1 } })
    case 'undeclaredData':
      throw new ORPCError('PAYMENT', { status: 402, data: { amt: 'x' } })
    case 'common':
      throw new ORPCError('CONFLICT')
    case 'custom':
      throw new ORPCError('CUSTOM', { data: { d: day } })
    case 'ownStatus':
      throw new ORPCError('TEAPOT', { status: 418, message: 'short and stout' })
    case 'unexpected':
      throw new Error('secret')
    case 'badOutput':
      return 5
  }
}

async function* tally({ input: { kind } }) {
  yield { n: 1 }
  if (kind !== 'tallyNothing') return { total: kind === 'tally' ? 3 : 'three' }
}

async function* stream({ input: { kind }, errors, lastEventId }) {
  switch (kind) {
    case 'items':
      yield { n: 1 }
      yield { at: day }
      yield undefined
      return
    case 'result':
      yield { n: 1 }
      return { total: 3 }
    case 'meta':
      yield withEventMeta({ n: 1 }, { id: 'e1', retry: 1500, comments: ['hello'] })
      return
    case 'resume':
      yield withEventMeta({ n: Number(lastEventId ?? 0) + 1 }, { id: 'e2' })
      return
    case 'declaredError':
      yield { n: 1 }
      throw errors.PAYMENT({ data: { amt: 7 } })
    case 'unexpectedError':
      yield { n: 1 }
      throw new Error('secret')
    case 'empty':
  }
}

export const router = {
  echo: base.route({ method: 'POST', path: '/echo' }).input(any).output(any).handler(({ input }) => input),
  read: base.route({ method: 'GET', path: '/read' }).input(any).output(any).handler(({ input }) => input),
  stored: base.route({ method: 'GET', path: '/stored/{name}' }).input(z.object({ name: z.string() })).output(any)
    .handler(({ input }) => values[input.name]),
  file: base.route({ method: 'GET', path: '/file/{name}' }).input(z.object({ name: z.string() })).output(any)
    .handler(({ input }) => files[input.name]()),
  fail: base.route({ method: 'GET', path: '/fail/{kind}' }).input(z.object({ kind: z.string() })).output(z.string()).handler(fail),
  validate: base.route({ method: 'GET', path: '/validate' }).input(z.object({ n: z.number() })).output(z.number())
    .handler(({ input }) => input.n),
  stream: base.route({ method: 'GET', path: '/stream/{kind}' }).input(z.object({ kind: z.string() }))
    .output(eventIterator(any, any)).handler(stream),
  tally: base.route({ method: 'GET', path: '/tally/{kind}' }).input(z.object({ kind: z.string() }))
    .output(eventIterator(z.object({ n: z.number() }), z.object({ total: z.number() }))).handler(tally),
}
