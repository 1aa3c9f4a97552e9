// 计税事实: shows those of the income item that is typed. Without this file all are there, by item.

const item = document.querySelector("[name=income_item]");
const groups = [...document.querySelectorAll("fieldset[data-items]")];
const hint = document.querySelector("[data-choose-item]");

function code() {
  const typed = item.value.normalize("NFKC").trim();
  const digits = /^[0-9]{2,4}/.exec(typed);
  if (digits) return digits[0];
  const options = [...document.getElementById(item.getAttribute("list")).options];
  const named = options.find((option) => typed && option.value.endsWith(` ${typed}`));
  return named ? named.value.split(" ")[0] : "";
}

function isTold(group) {
  const controls = [...group.elements];
  return controls.some((each) => (each.type === "checkbox" ? each.checked : each.value !== ""));
}

function show() {
  const chosen = code();
  for (const group of groups) {
    const own = group.dataset.items.split(" ").includes(chosen);
    // What is told stays in sight, so that it can be taken out.
    group.hidden = !own && !isTold(group);
  }
  hint.hidden = chosen !== "" || groups.some((group) => !group.hidden);
}

if (item && groups.length) {
  item.addEventListener("input", show);
  item.addEventListener("change", show);
  show();
}
