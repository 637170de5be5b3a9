// The OpenAPI document the real generator makes of the contract in tests/wire/test_openapi_document.py.
import { eventIterator, oc } from '@orpc/contract'
import { OpenAPIGenerator } from '@orpc/openapi'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { z } from 'zod'

const ref = z.object({ runId: z.string() })
const status = z.object({ runId: z.string(), isTerminal: z.boolean() })
const contract = {
  start: oc.route({ method: 'POST', path: '/runs', tags: ['runs'], summary: 'Start', successStatus: 202, successDescription: 'Accepted' })
    .input(z.object({ name: z.string() })).output(ref),
  getStatus: oc.route({ method: 'GET', path: '/runs/{runId}' }).input(ref).output(status)
    .errors({ RUN_NOT_FOUND: { status: 404, message: 'Run not found.', data: ref }, NOT_FOUND: { message: 'Nothing here.' }, FORBIDDEN: {} }),
  search: oc.route({ method: 'GET', path: '/runs', deprecated: true, description: 'All of them' })
    .input(z.object({ q: z.string(), limit: z.number().optional(), tags: z.array(z.string()).optional(), where: z.object({ a: z.string() }).optional() }))
    .output(z.array(status)),
  update: oc.route({ method: 'PUT', path: '/runs/{runId}/notes/{noteId}' })
    .input(z.object({ runId: z.string(), noteId: z.string(), text: z.string(), stars: z.number().optional() })).output(status),
  touch: oc.route({ method: 'POST', path: '/runs/{runId}/touch' }).input(ref).output(z.void()),
  watch: oc.route({ method: 'GET', path: '/runs/{runId}/events' }).input(ref).output(eventIterator(status)),
  download: oc.route({ method: 'GET', path: '/files/{+path}' }).input(z.object({ path: z.string() })).output(z.file()),
  upload: oc.route({ method: 'POST', path: '/files' }).input(z.object({ name: z.string(), file: z.file() })).output(z.string()),
  detailed: oc.route({ method: 'POST', path: '/detailed/{id}', inputStructure: 'detailed', outputStructure: 'detailed' })
    .input(z.object({
      params: z.object({ id: z.string() }), query: z.object({ q: z.string().optional() }),
      headers: z.object({ 'x-key': z.string() }), body: z.object({ text: z.string() }),
    }))
    .output(z.union([
      z.object({ status: z.literal(200), body: status }),
      z.object({ status: z.literal(201), headers: z.object({ location: z.string() }), body: ref }),
    ])),
  count: oc.route({ method: 'POST', path: '/count' }).input(eventIterator(z.object({ n: z.number() }))).output(z.number()),
  tally: oc.route({ method: 'GET', path: '/tally' }).output(eventIterator(z.object({ n: z.number() }), ref)),
  maybe: oc.route({ method: 'GET', path: '/maybe' }).output(eventIterator(z.object({ n: z.number() }), ref.nullable().optional())),
  sum: oc.route({ method: 'POST', path: '/sum' }).input(eventIterator(z.object({ n: z.number() }), status)).output(z.number()),
  nested: { byPlace: oc.input(z.object({ n: z.number() })).output(z.number()) },
}

const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] })
const document = await generator.generate(contract, { info: { title: 'Runs', version: '1.0.0' }, servers: [{ url: 'https://hq.example.com/api' }] })
process.stdout.write(JSON.stringify(document))
