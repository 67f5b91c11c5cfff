// The page carries no script of its own, so that its policy can forbid all of them.
const element = document.getElementById("api");
globalThis.SwaggerUIBundle({
  domNode: element,
  url: element.dataset.document,
  deepLinking: true,
  // The validator is another host's.
  validatorUrl: null,
});
