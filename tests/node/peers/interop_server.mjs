// The interop procedures on every transport of a real oRPC server: /rpc (with batches), /api and
// websockets at /ws. Prints {"port": n} once it listens.
import { createServer } from 'node:http'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { RPCHandler } from '@orpc/server/node'
import { BatchHandlerPlugin } from '@orpc/server/plugins'
import { RPCHandler as WebSocketHandler } from '@orpc/server/ws'
import { WebSocketServer } from 'ws'
import { router } from './interop_cases.mjs'

const handlers = [
  [new RPCHandler(router, { plugins: [new BatchHandlerPlugin({ maxSize: 100 })] }), '/rpc'],
  [new OpenAPIHandler(router), '/api'],
]
const websockets = new WebSocketHandler(router)

const server = createServer(async (request, response) => {
  for (const [handler, prefix] of handlers) {
    const { matched } = await handler.handle(request, response, { prefix, context: {} })
    if (matched) return
  }
  response.writeHead(404).end()
})
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => websockets.upgrade(socket, { context: {} }))

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.stdin.resume().on('end', () => process.exit(0))
