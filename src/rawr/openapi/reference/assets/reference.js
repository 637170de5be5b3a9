// Starts Scalar with the configuration its page carries; no inline script is needed.
const configuration = JSON.parse(document.getElementById("configuration").textContent);
// What the servers of the document are relative to.
configuration.baseServerURL ??= location.origin;
Scalar.createApiReference("#reference", configuration);
