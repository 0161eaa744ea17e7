// Batches, as Swagger UI should show them: a row of numbers on one line, and no highlighting of megabytes, which would
// freeze the page.
function Batches(system) {
  const e = system.React.createElement;
  const LONGEST = 50_000;

  // only innermost arrays have no bracket inside; a string cannot hold the raw line breaks that stand here
  const compact = (json) => typeof json !== "string" ? json
    : json.replace(/\[\n\s+([^\[\]{}]*?)\n\s*\]/g, (_, row) => "[" + row.replace(/,\n\s+/g, ", ") + "]");

  const shorten = (text) => e("pre", { className: "microlight" },
    text.slice(0, LONGEST) + `\n… ${(text.length - LONGEST).toLocaleString("en")} more characters`);

  return {
    wrapComponents: {
      HighlightCode: (Original) => (props) => {
        const text = compact(props.children);
        return typeof text === "string" && text.length > LONGEST ? shorten(text) : e(Original, props, text);
      },
      RequestBodyEditor: (Original) => (props) =>
        e(Original, { ...props, value: compact(props.value), defaultValue: compact(props.defaultValue) }),
    },
  };
}
