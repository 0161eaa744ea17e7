// Batches, as Swagger UI should show them: a row of numbers on one line, and of megabytes only the beginning, plain, since
// highlighting them would freeze the page.
function Batches(system) {
  const element = system.React.createElement;
  const LONGEST = 50_000;

  // only innermost arrays have no bracket inside, and a string cannot hold the raw line breaks that stand around it
  const compact = (json) => typeof json === "string"
    ? json.replace(/\[\n\s+([^\[\]{}]*?)\n\s*\]/g, (_, row) => "[" + row.replace(/,\n\s+/g, ", ") + "]")
    : json;

  // what a person is typing is left as it is
  const compactExample = (json) => {
    try {
      return JSON.stringify(JSON.parse(json), null, 2) === json ? compact(json) : json;
    } catch {
      return json;
    }
  };

  const download = (text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "answer.json";
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
      RequestBodyEditor: (Original) => (props) =>
        element(Original, { ...props, value: compactExample(props.value), defaultValue: compactExample(props.defaultValue) }),
    },
  };
}
