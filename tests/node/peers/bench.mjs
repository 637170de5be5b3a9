// The benchmark's one procedure on a real oRPC server (node:http). Prints {"port": n}.
import { createServer } from 'node:http'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/node'
import { z } from 'zod'

const trigger = os
  .route({ method: 'POST', path: '/trigger' })
  .input(z.object({ invoiceId: z.string(), requestedBy: z.string() }))
  .output(z.object({ runId: z.string(), accepted: z.boolean() }))
  .handler(({ input }) => ({ runId: `run-${input.invoiceId}`, accepted: true }))

const handler = new RPCHandler({ trigger })
const server = createServer(async (request, response) => {
  const { matched } = await handler.handle(request, response, { prefix: '/rpc', context: {} })
  if (!matched) response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.stdin.resume().on('end', () => process.exit(0))
