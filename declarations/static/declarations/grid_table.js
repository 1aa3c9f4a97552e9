// The table on the page: Tabulator draws the rows that are in sight; what is selected, where the
// keyboard is and how a cell looks is decided here.

import { yuan } from "./grid_cells.js";

const ROW_HEIGHT = 28;
const LOW_ROW_HEIGHT = 24;

export class Table {
  constructor(element, columns, codes, { say, ready, isDense }) {
    this.element = element;
    this.rowHeight = isDense ? LOW_ROW_HEIGHT : ROW_HEIGHT;
    element.classList.toggle("grid-dense", isDense);
    this.columns = columns;
    this.codes = codes;
    this.say = say;
    this.rows = [];
    this.at = { row: 0, column: 0 };
    this.from = { row: 0, column: 0 };
    this.isMoving = () => {};
    this.isFocused = false;
    this.tabulator = new Tabulator(element, {
      index: "id",
      data: [],
      columns: [this.numberColumn(), ...columns.map((column, at) => this.column(column, at))],
      columnDefaults: { headerSort: false, resizable: "header", minWidth: 48 },
      height: "100%",
      layout: "fitData",
      rowHeight: this.rowHeight,
      renderVerticalBuffer: 4 * ROW_HEIGHT,
      keybindings: false,
      autoResize: true,
      rowFormatter: (row) => this.adopt(row),
    });
    this.tabulator.on("tableBuilt", () => {
      this.holder = element.querySelector(".tabulator-tableholder");
      this.giveRoles();
      // Rows come into sight and go out of it.
      this.tabulator.on("renderComplete", () => this.paint());
      this.holder.addEventListener("scroll", () => this.paint());
      this.listen();
      ready();
    });
  }

  numberColumn() {
    return {
      title: this.say("rowNumber"),
      field: "number",
      frozen: true,
      width: 64,
      resizable: false,
      cssClass: "grid-number",
      formatter: () => document.createTextNode(""),
    };
  }

  column(column, at) {
    return {
      title: column.label,
      field: column.field,
      frozen: at < 3,
      width: column.width,
      cssClass: `grid-${column.kind}`,
      titleFormatter: () => document.createTextNode(column.label),
      formatter: () => document.createTextNode(""),
    };
  }

  // The roles of a grid, for programs that read it aloud.
  giveRoles() {
    this.holder.setAttribute("role", "rowgroup");
    this.holder.removeAttribute("tabindex");
    this.holder.querySelector(".tabulator-table").setAttribute("role", "presentation");
    this.element.querySelector(".tabulator-header-contents").removeAttribute("role");
    this.element.setAttribute("aria-label", this.say("grid"));
    this.element.setAttribute("aria-colcount", this.columns.length + 1);
    this.element.setAttribute("aria-multiselectable", "true");
    this.element.tabIndex = -1;
  }

  // --- Who has the keyboard: the active cell, or the grid while that cell is out of sight ---

  focus() {
    const cell = this.cellElement(this.at.row, this.at.column);
    this.element.tabIndex = cell ? -1 : 0;
    (cell ?? this.element).focus({ preventScroll: true });
  }

  keepFocus() {
    const focused = document.activeElement;
    if (!this.isFocused || focused.tagName === "INPUT" || focused.id === "grid-active") return;
    if (focused === document.body || this.element.contains(focused)) this.focus();
  }

  // --- Rows ---

  async show(rows) {
    const top = this.holder.scrollTop;
    this.rows = rows;
    this.element.setAttribute("aria-rowcount", rows.length + 1);
    this.at.row = Math.min(this.at.row, Math.max(rows.length - 1, 0));
    this.from.row = Math.min(this.from.row, Math.max(rows.length - 1, 0));
    await this.tabulator.replaceData(rows);
    rows.forEach((row, at) => (row.at = at));
    if (this.holder.scrollTop !== top) this.scrollTo(top);
    this.paint();
  }

  async setDense(isDense) {
    this.rowHeight = isDense ? LOW_ROW_HEIGHT : ROW_HEIGHT;
    this.tabulator.options.rowHeight = this.rowHeight;
    this.element.classList.toggle("grid-dense", isDense);
    await this.show(this.rows);
    this.bringIntoSight();
  }

  width(column) {
    return this.tabulator.getColumn(column.field).getWidth();
  }

  widen(column, by) {
    this.tabulator.getColumn(column.field).setWidth(Math.max(48, Math.min(800, this.width(column) + by)));
  }

  adopt(row) {
    row.getElement().gridRow = row.getData();
  }

  drawn() {
    return this.holder.querySelectorAll(".tabulator-row");
  }

  // --- How cells look ---

  paint() {
    for (const element of this.drawn()) {
      const row = element.gridRow;
      if (row) this.paintRow(element, row);
    }
    const active = this.cellElement(this.at.row, this.at.column);
    this.element.tabIndex = active ? -1 : 0;
    this.keepFocus();
  }

  paintRow(element, row) {
    const cells = element.children;
    const { top, bottom, left, right } = this.selection();
    const isInside = row.at >= top && row.at <= bottom;
    element.setAttribute("aria-rowindex", row.at + 2);
    element.classList.toggle("grid-new", Boolean(row.isNew));
    let at = -1;
    for (const cell of cells) {
      const field = cell.getAttribute("tabulator-field");
      if (!field) continue;
      if (field === "number") {
        put(cell, row.isNew ? "+" : String(row.number));
        cell.setAttribute("role", "rowheader");
        cell.classList.toggle("grid-faulty-row", Object.keys(row.faults).length > 0);
        continue;
      }
      at += 1;
      const column = this.columns[at];
      const isActive = row.at === this.at.row && at === this.at.column;
      cell.setAttribute("aria-colindex", at + 2);
      cell.classList.toggle("grid-selected", isInside && at >= left && at <= right);
      cell.classList.toggle("grid-active", isActive);
      if (isActive) {
        cell.id = "grid-active";
        // While it is typed into, the input in it is what there is to reach.
        if (cell.querySelector("input")) cell.removeAttribute("tabindex");
        else cell.tabIndex = 0;
      } else if (cell.id) {
        cell.removeAttribute("id");
        cell.removeAttribute("tabindex");
      }
      cell.setAttribute("aria-selected", String(isInside && at >= left && at <= right));
      if (column.kind === "law") cell.setAttribute("aria-readonly", "true");
      if (cell.querySelector("input")) continue;
      const fault = row.faults[field];
      put(cell, this.text(row, column), fault);
      cell.classList.toggle("grid-faulty", Boolean(fault));
      cell.classList.toggle("grid-tidied", Boolean(row.tidied?.has(field)));
      cell.classList.toggle("grid-off", field === "law_difference" && isOff(row.law[field]));
      if (fault) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
      const hint = fault ?? row.tidied?.get(field) ?? "";
      if (cell.title !== hint) cell.title = hint;
    }
  }

  // What a cell shows: amounts with commas, codes with their names.
  text(row, column) {
    if (column.kind === "law") return yuan(row.law[column.field] ?? "");
    const typed = row.cells[column.field] ?? "";
    if (column.kind === "amount") return yuan(typed);
    return this.codes[column.field]?.find(typed)?.label ?? typed;
  }

  cellElement(row, column) {
    const field = this.columns[column]?.field;
    for (const element of this.drawn()) {
      if (element.gridRow?.at === row) return element.querySelector(`[tabulator-field="${field}"]`);
    }
    return null;
  }

  // --- Where the keyboard is ---

  selection() {
    return {
      top: Math.min(this.at.row, this.from.row),
      bottom: Math.max(this.at.row, this.from.row),
      left: Math.min(this.at.column, this.from.column),
      right: Math.max(this.at.column, this.from.column),
    };
  }

  go(row, column, { extend = false } = {}) {
    this.at = {
      row: Math.max(0, Math.min(row, this.rows.length - 1)),
      column: Math.max(0, Math.min(column, this.columns.length - 1)),
    };
    if (!extend) this.from = { ...this.at };
    this.bringIntoSight();
    this.paint();
    this.isMoving();
  }

  select(top, left, bottom, right) {
    this.from = { row: bottom, column: right };
    this.at = { row: top, column: left };
    this.paint();
    this.isMoving();
  }

  bringIntoSight() {
    const height = this.holder.clientHeight;
    const top = this.at.row * this.rowHeight;
    const bottom = top + this.rowHeight;
    if (top < this.holder.scrollTop) this.scrollTo(top);
    else if (bottom > this.holder.scrollTop + height) this.scrollTo(bottom - height);
    const cell = this.cellElement(this.at.row, this.at.column);
    if (!cell || this.at.column < 3) return;
    const frozen = this.frozenWidth();
    const left = cell.offsetLeft - frozen;
    if (left < this.holder.scrollLeft) this.holder.scrollLeft = left;
    else {
      const right = cell.offsetLeft + cell.offsetWidth - this.holder.clientWidth;
      if (right > this.holder.scrollLeft) this.holder.scrollLeft = Math.min(right, left);
    }
  }

  frozenWidth() {
    let width = 0;
    for (const cell of this.element.querySelectorAll(".tabulator-header .tabulator-frozen")) {
      width += cell.offsetWidth;
    }
    return width;
  }

  // Tabulator draws on the event, which a browser sends only with the next frame.
  scrollTo(top) {
    this.holder.scrollTop = top;
    this.holder.dispatchEvent(new Event("scroll"));
  }

  pageOfRows() {
    return Math.max(1, Math.floor(this.holder.clientHeight / this.rowHeight) - 1);
  }

  // --- The mouse ---

  listen() {
    this.element.addEventListener("focusin", (event) => {
      this.isFocused = true;
      if (event.target === this.element) this.focus();
    });
    this.element.addEventListener("focusout", ({ target, relatedTarget }) => {
      if (relatedTarget) {
        this.isFocused = this.element.contains(relatedTarget);
        return;
      }
      // A cell that is drawn no more loses the keyboard to nobody, and so it stays here.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body && target.id === "grid-active" && target.isConnected) {
          this.isFocused = false;
        }
      });
    });
    let isDragging = false;
    this.holder.addEventListener("mousedown", (event) => {
      const place = this.placeOf(event.target);
      if (!place || event.button || event.target.closest("input")) return;
      event.preventDefault();
      if (place.column < 0) this.select(place.row, 0, place.row, this.columns.length - 1);
      else this.go(place.row, place.column, { extend: event.shiftKey });
      this.focus();
      isDragging = place.column >= 0;
    });
    this.holder.addEventListener("mousemove", (event) => {
      if (!isDragging || !(event.buttons & 1)) return;
      const place = this.placeOf(event.target);
      if (place && place.column >= 0 && (place.row !== this.at.row || place.column !== this.at.column)) {
        this.go(place.row, place.column, { extend: true });
      }
    });
    document.addEventListener("mouseup", () => (isDragging = false));
  }

  placeOf(target) {
    const cell = target.closest?.(".tabulator-cell");
    const row = cell?.closest(".tabulator-row")?.gridRow;
    if (!row) return null;
    const field = cell.getAttribute("tabulator-field");
    return { row: row.at, column: this.columns.findIndex((column) => column.field === field) };
  }
}

function isOff(difference) {
  return Boolean(difference) && !/^-?0\.0[01]$/.test(difference);
}

// A fault's words stand in the cell too, for those who hear it.
function put(cell, text, fault = "") {
  const said = cell.lastElementChild;
  if (cell.firstChild?.nodeType !== Node.TEXT_NODE || cell.firstChild.data !== text || (said?.textContent ?? "") !== fault) {
    cell.replaceChildren(document.createTextNode(text));
    if (fault) {
      const words = document.createElement("span");
      words.className = "unseen";
      words.textContent = fault;
      cell.append(words);
    }
  }
}
