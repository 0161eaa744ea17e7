// node wants the extension in an import; bundlers do not
export default {
  input: "../../../src/LossService/OpenApi/openapi.json",
  output: { path: "generated/hey-api", module: { extension: ".js" } },
};
