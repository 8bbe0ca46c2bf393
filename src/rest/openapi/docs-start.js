// Runs in the browser, after Swagger UI's own script: shows the document of this server.
(() => {
  const { url, key } = JSON.parse(document.getElementById("settings").textContent);
  const docs = globalThis.SwaggerUIBundle({
    url,
    domNode: document.getElementById("docs"),
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    defaultModelsExpandDepth: 0,
    // Keys are forgotten with the page, and nobody else is asked whether the document is valid.
    persistAuthorization: false,
    validatorUrl: null,
    onComplete: () => {
      if (key !== null) docs.preauthorizeApiKey("apiKey", key);
    },
  });
})();
