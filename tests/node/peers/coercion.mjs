// What the real coercer of SmartCoercionPlugin makes of values: [{schema, value}] on stdin, the
// RPC payloads of the results on stdout.
import { StandardRPCJsonSerializer } from '@orpc/client/standard'
import { JsonSchemaCoercer } from '@orpc/json-schema'

const coercer = new JsonSchemaCoercer()
const serializer = new StandardRPCJsonSerializer()
const cases = JSON.parse(await new Response(process.stdin).text())
const answers = cases.map(({ schema, value, components }) => {
  const [json, meta] = serializer.serialize(coercer.coerce(schema, value, { components }))
  return { json, meta }
})
process.stdout.write(JSON.stringify(answers))
