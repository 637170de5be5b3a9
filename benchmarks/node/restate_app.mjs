// The services of `restate_node`, on Restate's TypeScript SDK and its own HTTP/2 server.
import { serve, service } from '@restatedev/restate-sdk'

const steps = service({
  name: 'Steps',
  handlers: {
    run: async (ctx, steps) => {
      let total = 0
      for (let number = 0; number < steps; number++) total += await ctx.run(`step-${number}`, () => number)
      return total
    },
  },
})

await serve({ services: [steps], port: Number(process.argv[2]) })
