// What the real builder does with authoring cases: stdin is a JSON list of cases, stdout a list of answers.
import { call, os } from '@orpc/server'

const INDEXES = { first: -Infinity, never: NaN }
const index = (value) => INDEXES[value] ?? value

function validator(log, name) {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => { log.push(name); return { value } } } }
}

function middlewares(log) {
  const made = {}
  return (name) => (made[name] ??= async ({ next, context }) => {
    log.push(`${name} in ${Object.keys(context).sort().join('')}`)
    const result = await next({ context: { [name]: true } })
    log.push(`${name} out`)
    return result
  })
}

function build(builder, steps, log, middleware) {
  for (const [step, value] of steps) {
    if (step === 'use') builder = builder.use(middleware(value))
    if (step === 'input') builder = builder.input(validator(log, 'INPUT'))
    if (step === 'output') builder = builder.output(validator(log, 'OUTPUT'))
    if (step === 'errors') builder = builder.errors({ [value[0]]: { message: value[1] } })
    if (step === 'path') builder = builder.route({ path: value })
    if (step === 'tag') builder = builder.route({ tags: value })
  }
  return builder
}

async function answer({ config, steps, routers }) {
  const log = []
  const middleware = middlewares(log)
  const start = os.$config({
    initialInputValidationIndex: index(config.input),
    initialOutputValidationIndex: index(config.output),
    dedupeLeadingMiddlewares: config.dedupe,
  })
  let router = build(start, steps, log, middleware).handler(({ context }) => {
    log.push(`handler ${Object.keys(context).sort().join('')}`)
    return 'output'
  })
  for (const { steps: around, prefix, tags } of routers) {
    let builder = build(start, around, log, middleware)
    if (prefix) builder = builder.prefix(prefix)
    if (tags.length) builder = builder.tag(...tags)
    router = builder.router({ nested: router })
    router = router.nested
  }
  const definition = router['~orpc']
  const output = await call(router, 'input', { context: {} })
  return {
    log,
    output,
    path: definition.route.path ?? null,
    tags: definition.route.tags ?? [],
    errors: Object.fromEntries(Object.entries(definition.errorMap).map(([code, item]) => [code, item.message])),
  }
}

let text = ''
for await (const chunk of process.stdin) text += chunk
const answers = []
for (const item of JSON.parse(text)) answers.push(await answer(item))
process.stdout.write(JSON.stringify(answers))
