// The micro-frontend of $name.
import './style.css'
%% if both
import { createRpcClient, createWorkflowsClient, type Mount } from './hq.ts'
%% else
%% if api
import { createRpcClient, type Mount } from './hq.ts'
%% else
%% if workflow
import { createWorkflowsClient, type Mount } from './hq.ts'
%% else
import type { Mount } from './hq.ts'
%% end
%% end
%% end
%% if calls
import { form, paragraph } from './view.ts'
%% else
import { paragraph } from './view.ts'
%% end

export const mount: Mount = (element, context) => {
%% if calls
  const { signal } = context
%% end
  const root = document.createElement('div')
  root.className = '$kebab'
  const said = paragraph('status')
%% if api

  // An API call, over RPC.
  const { api } = createRpcClient(context).$camel
  const add = form('Title', 'Add', async (title) => {
    const { itemId } = await api.addItem({ title }, { signal })
    said.textContent = `Added as $${itemId}.`
  })
  root.append(add)
%% end
%% if workflow

  // A workflow call, over OpenAPI, and its run as it happens.
  const workflows = createWorkflowsClient(context).$camel
  const start = form('Titles, with commas between', 'Import', async (text) => {
    const titles = text.split(',').map((title) => title.trim())
    const { runId } = await workflows.triggerImport({ titles }, { signal })
    for await (const event of await workflows.watchRun({ runId }, { signal })) {
      said.textContent = `Run $${runId}: $${event.status}`
    }
  })
  root.append(start)
%% end
%% if calls
%% else

  // Calls go through clients of ./hq.ts, such as createRpcClient(context).$camel.
  said.textContent = `$${context.subject} is signed in.`
%% end

  root.append(said)
  element.replaceChildren(root)
  return () => root.remove()
}
