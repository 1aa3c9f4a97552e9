// The page on which to try the API: Swagger UI over the schema of this site.

const page = document.getElementById("operations");

SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Tokens are for the moment: nothing of them is kept in the browser.
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor(request) {
    if (!["GET", undefined].includes(request.method)) {
      request.headers["X-CSRFToken"] = page.dataset.csrf;
    }
    return request;
  },
});
