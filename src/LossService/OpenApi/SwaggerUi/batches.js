// Shows batches in Swagger UI: each row of numbers on one line; of a long text only the beginning, without highlighting, which
// would block the page.
function Batches(system) {
  const element = system.React.createElement;
  const LONGEST = 50_000;

  // matches innermost arrays only: they contain no bracket, and a JSON string contains no raw line break
  const compact = (json) => typeof json === "string"
    ? json.replace(/\[\n\s+([^\[\]{}]*?)\n\s*\]/g, (_, row) => "[" + row.replace(/,\n\s+/g, ", ") + "]")
    : json;

  // leaves a text unchanged that the user has edited. Swagger UI takes every media type with "json" in its name for JSON, and
  // quotes an example of lines as one string
  const compactExample = (json) => {
    try {
      const value = JSON.parse(json);
      if (typeof value === "string") return value;
      return JSON.stringify(value, null, 2) === json ? compact(json) : json;
    } catch {
      return json;
    }
  };

  const download = (text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "response.json";
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const beginning = (text) => element("div", null,
    element("pre", { className: "beginning" }, text.slice(0, LONGEST) + " …"),
    element("button", { className: "btn", onClick: () => download(text) },
      `Download all ${text.length.toLocaleString("en")} characters`));

  return {
    wrapComponents: {
      HighlightCode: (Original) => (props) => {
        const text = compact(props.children);
        return text?.length > LONGEST ? beginning(text) : element(Original, props, text);
      },
      // lines of JSON are no JSON
      responseBody: (Original) => (props) =>
        element(Original, /ndjson/.test(props.contentType) ? { ...props, contentType: "text/plain" } : props),
      TextArea: (Original) => (props) => element(Original, { "aria-label": "Request body", ...props }),
      RequestBodyEditor: (Original) => (props) =>
        element(Original, { ...props, value: compactExample(props.value), defaultValue: compactExample(props.defaultValue) }),
    },
  };
}

// Swagger UI evaluates the names of plugins, which the page's Content-Security-Policy forbids; so the plugin is added to the call
addEventListener("DOMContentLoaded", () => {
  const original = window.SwaggerUIBundle;
  window.SwaggerUIBundle = Object.assign((options) => original({ ...options, plugins: [Batches] }), original);
});
