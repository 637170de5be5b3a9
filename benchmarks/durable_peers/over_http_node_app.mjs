// The app of `over_http_node`: the functions of the others on the official TypeScript SDK, with the
// checkpointing it comes with, or with more steps saved together. The SDK is the one the tests pin.
import http from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../tests/node/package.json', import.meta.url))
const { Inngest } = require('inngest')
const { serve } = require('inngest/node')

const [port, bufferedSteps, ...lengths] = process.argv.slice(2).map(Number)
const checkpointing = bufferedSteps === 1 ? true : { bufferedSteps, maxInterval: '1s' }
const client = new Inngest({ id: 'bench', checkpointing })

const build = (steps) =>
  client.createFunction({ id: `steps-${steps}`, triggers: [{ event: `bench/go.${steps}` }] }, async ({ step }) => {
    let total = 0
    for (let number = 0; number < steps; number++) total += await step.run(`step-${number}`, () => number)
    return total
  })

const functions = lengths.map(build)
http.createServer(serve({ client, functions })).listen(port, '127.0.0.1')
