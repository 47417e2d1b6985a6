/**
 * The least a page can do with the stream: one table row for each server, the watts of each frame written into its
 * cell. No state, no order, no chart; every row stands in the document.
 */
export const referenceHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>reference</title>
    <script type="module" src="reference.js"></script>
  </head>
  <body><table><tbody id="rows"></tbody></table></body>
</html>
`;

export const referenceScript = `
const rows = document.getElementById('rows');
const cells = new Map();
const put = (scope, watts) => {
  let cell = cells.get(scope);
  if (!cell) {
    const row = rows.insertRow();
    row.id = 'row-' + cells.size;
    row.insertCell().textContent = scope;
    cell = row.insertCell();
    cells.set(scope, cell);
  }
  cell.textContent = watts.toFixed(0) + ' W';
};
const socket = new WebSocket('ws://' + location.host + '/api/v1/live', 'rackwatt.live.v1');
socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', scopes: ['server:*'], intervalMs: 1000 }));
socket.onmessage = ({ data }) => {
  const { figures } = JSON.parse(data);
  for (const scope in figures) if (figures[scope].watts !== undefined) put(scope, figures[scope].watts);
};
`;
