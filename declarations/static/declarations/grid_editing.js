// One cell being typed into: an input in the cell; for codes with a list that what is typed filters.

export class Editing {
  // `finish(row, column, text, move)` takes what was typed; `cancel()` gets the keyboard back.
  constructor(table, { say, limit, finish, cancel }) {
    this.table = table;
    this.say = say;
    this.limit = limit;
    this.finish = finish;
    this.cancel = cancel;
    this.input = null;
    this.list = document.createElement("ul");
    this.list.id = "grid-choices";
    this.list.className = "grid-choices";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", say("choices"));
    this.list.hidden = true;
    document.getElementById("grid-editor").append(this.list);
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      event.preventDefault();
      if (option) this.choose(Number(option.dataset.at));
    });
    table.holder.addEventListener("scroll", () => {
      if (this.input && !this.input.isConnected) this.end(null);
      else this.placeList();
    });
  }

  get isOpen() {
    return this.input !== null;
  }

  // `isFresh`: the key that was pressed takes the place of what stands there.
  begin(row, column, { isFresh = false, isListed = false } = {}) {
    const { table } = this;
    table.bringIntoSight();
    const cell = table.cellElement(row, column);
    if (!cell) return;
    this.place = { row, column };
    this.column = table.columns[column];
    this.isFresh = isFresh;
    const input = document.createElement("input");
    input.className = "grid-input";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.maxLength = this.limit;
    input.setAttribute("aria-label", this.say("at", { row: row + 1, column: this.column.label }));
    input.value = table.rows[row].cells[this.column.field] ?? "";
    this.codes = table.codes[this.column.field] ?? null;
    if (this.codes) {
      input.value = this.codes.find(input.value)?.label ?? input.value;
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-autocomplete", "list");
      input.setAttribute("aria-controls", this.list.id);
      input.setAttribute("aria-expanded", "false");
    }
    cell.replaceChildren(input);
    this.input = input;
    table.paint();
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("input", () => this.filter(input.value));
    input.addEventListener("blur", () => {
      if (this.input === input) this.end(null);
    });
    input.focus({ preventScroll: true });
    if (isFresh) input.select();
    else input.setSelectionRange(input.value.length, input.value.length);
    if (this.codes && isListed) this.filter("");
  }

  key(event) {
    event.stopPropagation();
    // What an input method does with its keys is its own.
    if (event.isComposing || event.keyCode === 229) return;
    const isListed = !this.list.hidden;
    const move = {
      Enter: event.shiftKey ? [-1, 0] : [1, 0],
      Tab: event.shiftKey ? [0, -1] : [0, 1],
    }[event.key];
    if (move) {
      event.preventDefault();
      this.end(move);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (isListed) this.hide();
      else this.stop();
    } else if (this.codes && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      if (!isListed) this.filter(event.altKey ? "" : this.input.value);
      else this.mark(this.marked + (event.key === "ArrowDown" ? 1 : -1));
    } else if (this.isFresh && !event.shiftKey && !event.ctrlKey) {
      const arrow = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (arrow) {
        event.preventDefault();
        this.end(arrow);
      }
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      this.end([0, 0], { now: true });
    }
  }

  // --- The list ---

  filter(text) {
    if (!this.codes) return;
    this.choices = this.codes.like(text).slice(0, 200);
    this.list.replaceChildren(
      ...this.choices.map((entry, at) => {
        const option = document.createElement("li");
        option.id = `grid-choice-${at}`;
        option.dataset.at = at;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = entry.label;
        return option;
      }),
    );
    this.list.hidden = !this.choices.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.placeList();
    // Enter takes what is marked: something must have been typed for that.
    this.mark(text ? 0 : -1);
  }

  mark(at) {
    const options = this.list.children;
    this.marked = Math.max(-1, Math.min(at, options.length - 1));
    for (const option of options) {
      option.setAttribute("aria-selected", String(option === options[this.marked]));
    }
    const marked = options[this.marked];
    if (marked) {
      this.input.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  choose(at) {
    this.marked = at;
    this.end([0, 0]);
  }

  placeList() {
    if (this.list.hidden || !this.input) return;
    const box = this.input.getBoundingClientRect();
    const isLow = box.bottom + 240 > window.innerHeight;
    this.list.style.left = `${Math.max(4, Math.min(box.left, window.innerWidth - 328))}px`;
    this.list.style.top = isLow ? "auto" : `${box.bottom}px`;
    this.list.style.bottom = isLow ? `${window.innerHeight - box.top}px` : "auto";
  }

  hide() {
    this.list.hidden = true;
    this.marked = -1;
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
  }

  // --- The end ---

  end(move, options = {}) {
    const { input, place, column } = this;
    const entry = this.list.hidden ? null : this.choices[this.marked];
    const text = entry ? entry.code : input.value;
    this.close();
    this.finish(place.row, column, text, move, options);
  }

  stop() {
    this.close();
    this.cancel();
  }

  close() {
    const { input } = this;
    this.hide();
    this.input = null;
    input.remove();
    this.table.paint();
  }
}
