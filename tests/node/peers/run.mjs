// Runs {name: async () => void} one after the other; writes {name: null, or what went wrong} to stdout.
export async function run(cases) {
  const outcome = {}
  for (const [name, check] of Object.entries(cases)) {
    const limit = new Promise((_resolve, reject) => setTimeout(() => reject(new Error('timed out')), 5000).unref())
    outcome[name] = await Promise.race([check(), limit]).then(() => null, (error) => String(error?.message ?? error))
  }
  process.stdout.write(JSON.stringify(outcome), () => process.exit(0))
}
