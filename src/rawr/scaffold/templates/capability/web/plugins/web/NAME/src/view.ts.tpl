// What is on the page. Texts are set as text: nothing the HQ says is read as HTML.
import { ORPCError } from '@orpc/client'

let fields = 0

/** A form with one field; what its action throws is shown below it. */
export function form(
  label: string,
  action: string,
  submit: (text: string) => Promise<void>,
): HTMLFormElement {
  const element = document.createElement('form')
  const labelled = document.createElement('label')
  const input = document.createElement('input')
  const button = document.createElement('button')
  const alert = paragraph('alert')
  fields += 1
  input.id = labelled.htmlFor = `$kebab-$${fields}`
  input.required = true
  input.autocomplete = 'off'
  labelled.textContent = label
  button.textContent = action
  element.append(labelled, input, button, alert)
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    alert.textContent = ''
    button.disabled = true
    submit(input.value)
      .catch((error: unknown) => (alert.textContent = explain(error)))
      .finally(() => (button.disabled = false))
  })
  return element
}

/** An empty paragraph that is read aloud when it gets a text. */
export function paragraph(role: 'alert' | 'status'): HTMLParagraphElement {
  const element = document.createElement('p')
  element.setAttribute('role', role)
  return element
}

function explain(error: unknown): string {
  if (error instanceof ORPCError) return `$${error.message} ($${error.code})`
  return error instanceof Error ? error.message : String(error)
}
