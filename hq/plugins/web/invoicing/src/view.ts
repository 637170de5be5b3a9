// What is on the page. Texts are set as text: nothing that comes from the HQ is read as HTML.
import { canCancel, isTerminalStatus, toRunBadge } from './hq.ts'
import type { Moment } from './follow.ts'
import { explain } from './errors.ts'

interface PageActions {
  reconcile(invoiceId: string): Promise<void>
  register(invoiceId: string): Promise<void>
  open(runId: string): Promise<void>
}

interface RunActions {
  execute(): Promise<void>
  watch(): void
}

/** One run on the page. */
export interface RunRow {
  readonly runId: string
  show(moment: Moment): void
  live(isLive: boolean): void
  fail(text: string): void
}

interface Page {
  readonly root: HTMLElement
  add(runId: string, actions: RunActions): RunRow
}

/** The whole plugin: two forms and the runs. */
export function page(actions: PageActions): Page {
  const alert = make('p', { role: 'alert', class: 'notice' })
  const runs = make('ul', { class: 'runs' })
  const none = make('p', {}, 'Runs that you start or follow here are listed here.')
  const root = make(
    'div',
    { class: 'invoicing' },
    form('invoice', 'Invoice', alert, [
      ['Run reconciliation', actions.reconcile],
      ['Register only', actions.register],
    ]),
    form('run', 'Run id', alert, [['Follow', actions.open]]),
    alert,
    make('h2', { id: 'runs-heading' }, 'Runs'),
    none,
    runs,
  )
  runs.setAttribute('aria-labelledby', 'runs-heading')
  return {
    root,
    add(runId, runActions) {
      const row = runRow(runId, runActions)
      none.remove()
      runs.prepend(row.root)
      return row
    },
  }
}

function form(
  name: string,
  label: string,
  alert: HTMLElement,
  buttons: ReadonlyArray<readonly [string, (value: string) => Promise<void>]>,
): HTMLFormElement {
  const input = make('input', { id: name, name, required: '', maxlength: '128', autocomplete: 'off' })
  const labelled = make('label', { for: name }, label)
  const made = buttons.map(([text], index) => make('button', { value: String(index) }, text))
  const element = make('form', {}, labelled, input, ...made)
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    const pressed = event.submitter instanceof HTMLButtonElement ? Number(event.submitter.value) : 0
    const action = buttons[pressed]?.[1]
    if (action) void attempt(() => action(input.value.trim()), made, alert)
  })
  return element
}

function runRow(runId: string, actions: RunActions): RunRow & { root: HTMLElement } {
  const badge = make('strong', { class: 'badge', role: 'status' }, 'loading')
  const when = make('time')
  const alert = make('p', { role: 'alert', class: 'notice' })
  const steps = make('ol', { class: 'steps' })
  const execute = make('button', { type: 'button', hidden: '' }, 'Run reconciliation')
  const watch = make('button', { type: 'button', hidden: '' }, 'Follow')
  const head = make('p', {}, make('code', {}, runId), ' ', badge, ' ', when, ' ', execute, ' ', watch)
  const root = make('li', { 'data-run': runId }, head, alert, steps)
  const seen = new Set<number>()
  let isLive = false
  let last: Moment | undefined

  const update = () => {
    const isOver = last !== undefined && isTerminalStatus(last.status)
    root.toggleAttribute('data-live', isLive && !isOver)
    watch.hidden = isLive || last === undefined || (isOver && seen.size > 0)
    watch.textContent = isOver ? 'Show steps' : 'Follow'
    execute.hidden = last === undefined || isLive || !canCancel(last.status)
  }
  execute.addEventListener('click', () => void attempt(actions.execute, [execute], alert))
  watch.addEventListener('click', actions.watch)
  return {
    runId,
    root,
    show(moment) {
      last = moment
      alert.textContent = ''
      badge.textContent = moment.status
      badge.dataset['badge'] = toRunBadge(moment.status)
      when.dateTime = moment.at.toISOString()
      when.textContent = moment.at.toLocaleString()
      if (moment.sequence > 0 && !seen.has(moment.sequence)) {
        seen.add(moment.sequence)
        steps.append(step(moment))
      }
      update()
    },
    live(value) {
      isLive = value
      update()
    },
    fail(text) {
      alert.textContent = text
      if (last === undefined) badge.textContent = 'unknown'
    },
  }
}

function step(moment: Moment): HTMLElement {
  const at = make('time', { datetime: moment.at.toISOString() }, moment.at.toLocaleTimeString())
  return make('li', {}, at, ` ${moment.status}`, moment.detail === null ? '' : `: ${moment.detail}`)
}

/** Run an action once, with its buttons out of reach meanwhile and its failure in words. */
async function attempt(
  action: () => Promise<void>,
  buttons: readonly HTMLButtonElement[],
  alert: HTMLElement,
): Promise<void> {
  alert.textContent = ''
  for (const button of buttons) button.disabled = true
  try {
    await action()
  } catch (error) {
    alert.textContent = explain(error)
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}
