// Gives each example a button that copies it.
for (const figure of document.querySelectorAll("figure")) {
  const button = document.createElement("button");
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(figure.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  // browsers copy for pages from https and localhost alone
  if (navigator.clipboard) figure.querySelector("figcaption").append(button);
}
