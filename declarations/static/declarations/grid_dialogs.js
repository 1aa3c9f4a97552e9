// What the grid asks a person: a value for many cells, which of two values stays, whether to go on.

export class Dialogs {
  constructor(page, { columns, codes, say }) {
    this.page = page;
    this.columns = columns;
    this.codes = codes;
    this.say = say;
  }

  show(name) {
    const dialog = document.getElementById(`grid-${name}`);
    dialog.returnValue = "";
    if (!dialog.open) dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    });
  }

  // 批量修改: one value for a column of many lines; null if it was called off.
  async askBulk(columns, current) {
    const select = document.getElementById("grid-bulk-column");
    const value = document.getElementById("grid-bulk-value");
    const list = document.getElementById("grid-bulk-codes");
    select.replaceChildren(...columns.map(({ field, label }) => new Option(label, field)));
    if (columns.includes(current)) select.value = current.field;
    const offer = () => {
      const entries = this.codes[select.value]?.entries ?? [];
      list.replaceChildren(...entries.map((entry) => new Option("", entry.label)));
    };
    select.onchange = offer;
    offer();
    value.value = "";
    if ((await this.show("bulk")) !== "do") return null;
    const column = columns.find(({ field }) => field === select.value);
    const text = this.codes[column.field]?.find(value.value)?.code ?? value.value;
    const scope = document.querySelector("#grid-bulk [name=scope]:checked").value;
    return { column, text, scope };
  }

  // Both values of what was changed here and elsewhere; returns the choices.
  async askWhich(conflicts) {
    const body = document.getElementById("grid-conflicts");
    body.replaceChildren(...conflicts.map((conflict, at) => this.conflictRow(conflict, at)));
    const dialog = document.getElementById("grid-conflict");
    for (const button of dialog.querySelectorAll("[data-all]")) {
      button.onclick = () => {
        for (const radio of body.querySelectorAll(`[value=${button.dataset.all}]`)) radio.checked = true;
      };
    }
    // It is not left without an answer.
    dialog.oncancel = (event) => event.preventDefault();
    await this.show("conflict");
    return conflicts.map((conflict, at) => [
      conflict,
      body.querySelector(`[name=conflict-${at}]:checked`).value,
    ]);
  }

  conflictRow({ row, field, mine, theirs }, at) {
    const column = this.columns.find((each) => each.field === field);
    const line = document.createElement("tr");
    const number = document.createElement("td");
    number.textContent = row.number;
    const name = document.createElement("td");
    name.textContent = column ? column.label : this.say("wholeRow");
    const choice = document.createElement("td");
    const group = document.createElement("div");
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-label", this.say("at", { row: row.number, column: name.textContent }));
    for (const [value, text, words] of [
      ["mine", mine, "conflictMine"],
      ["theirs", theirs, "conflictTheirs"],
    ]) {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: `conflict-${at}`, value, checked: value === "mine" });
      label.append(radio, this.say(words, { value: this.worded(text, row, column) }));
      group.append(label);
    }
    choice.append(group);
    line.append(number, name, choice);
    return line;
  }

  worded(text, row, column) {
    if (column) return text || this.say("conflictBlank");
    return text ? (row.cells.name ?? this.say("row", { row: row.number })) : this.say("conflictDeleted");
  }

  // How a computed column came about, as the server explains it.
  async explain(url) {
    const answer = await fetch(url, { redirect: "manual" });
    if (!answer.ok) return;
    const text = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("grid-law-text").replaceChildren(...text.body.childNodes);
    await this.show("law");
  }

  // Five minutes before the session ends.
  watchSession(saving, idleMinutes) {
    setInterval(async () => {
      const idle = (Date.now() - saving.seenAt) / 60000;
      if (idle < idleMinutes - 5 || document.getElementById("grid-session").open) return;
      if ((await this.show("session")) === "stay") await saving.stayAlive();
    }, 20000);
  }
}
