/** Builds and keeps nodes. What did not change is not touched: a screen reader and the focus stay where they are. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/**
 * Null, undefined and false take an attribute away.
 * @param {Element} node
 * @param {Attributes} attributes
 */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else {
      const text = value === true ? '' : String(value);
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  }
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A figure and what it stands for: `data-figure` is its path in the report, `data-value` the value as it is there.
 * @param {Element} node
 * @param {string} path
 * @param {string | number | null} value
 * @param {string} text
 */
export function setFigure(node, path, value, text) {
  setAttributes(node, { 'data-figure': path, 'data-value': value === null ? 'null' : value });
  setText(node, text);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
}

/**
 * Makes a parent's children those of the items, in their order; a child stays as long as its key does.
 * @template Item
 * @template {Element} Child
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => Child} create
 * @param {(child: Child, item: Item) => void} [update]
 */
export function keepList(parent, items, keyOf, create, update = () => {}) {
  const before = /** @type {Map<string, Child>} */ (kept.get(parent) ?? new Map());
  /** @type {Map<string, Child>} */
  const now = new Map();
  let previous = /** @type {Element | null} */ (null);
  for (const item of items) {
    const key = keyOf(item);
    const child = before.get(key) ?? create(item);
    before.delete(key);
    now.set(key, child);
    update(child, item);
    const place = previous === null ? parent.firstElementChild : previous.nextElementSibling;
    if (place !== child) parent.insertBefore(child, place);
    previous = child;
  }
  for (const child of before.values()) child.remove();
  kept.set(parent, now);
}

/** @type {WeakMap<Element, Map<string, any>>} */
const kept = new WeakMap();
