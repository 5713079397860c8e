/**
 * Dom: draws what a screen should look like over what the page shows, and touches only what differs, so that focus,
 * scrolling and what somebody is typing survive a redraw.
 *
 * `h` describes an element, `draw` brings a parent's children to a description. Children with a `key` keep their element
 * when the order changes; others are matched by place and tag. A property is written only where its description changed:
 * a field's `value` is what it begins with, and the person's from then on.
 */

/** @typedef {Record<string, any>} Props */
/** @typedef {{tag: string, key: string | number | undefined, props: Props, children: (Node_ | string)[]}} Node_ */
/** @typedef {Node_ | string | number | null | undefined | false} One */
/** @typedef {One | Child[]} Child a description, text, nothing, or a list of them */

const SVG = "http://www.w3.org/2000/svg";
/** Set as properties: the attribute of that name is something else, or only the beginning. */
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "open", "indeterminate", "muted", "required"]);
/** What is neither an attribute nor a property. */
const OWN = new Set(["key", "mounted", "gone", "style"]);

/** @type {WeakMap<Element, Node_>} */
const described = new WeakMap();

/**
 * Describe an element.
 * @param {string} tag an element's name, with classes behind full stops: `p.quiet`
 * @param {Props | null} [props] attributes; `on…` listeners; `class`; `style`, an object of properties; `key`; `mounted`
 *   and `gone`, called with the element when it comes and goes
 * @param {...Child} children
 * @returns {Node_}
 */
export function h(tag, props, ...children) {
  const { name, classes } = namedIn(tag);
  const { class: more, ...all } = props ?? {};
  if (classes || more) all["class"] = classes && more ? `${classes} ${more}` : classes || more;
  return { tag: name, key: all["key"], props: all, children: flat(children) };
}

/** @type {Map<string, {name: string, classes: string}>} few, and asked for with each element of each drawing */
const names = new Map();

/** @param {string} tag */
function namedIn(tag) {
  const known = names.get(tag);
  if (known) return known;
  const [name = "", ...classes] = tag.split(".");
  const found = { name, classes: classes.join(" ") };
  names.set(tag, found);
  return found;
}

/**
 * Draw children into a parent, in place of those drawn before.
 * @param {Element} parent
 * @param {...Child} children
 */
export function draw(parent, ...children) {
  drawAll(parent, flat(children), parent.namespaceURI === SVG);
}

/**
 * @param {Child[]} children
 * @returns {(Node_ | string)[]}
 */
function flat(children) {
  /** @type {(Node_ | string)[]} */
  const found = [];
  for (const each of children) {
    if (Array.isArray(each)) found.push(...flat(each));
    else if (typeof each === "number") found.push(String(each));
    else if (each || each === "") found.push(each);
  }
  return found;
}

/**
 * @param {Element} parent
 * @param {(Node_ | string)[]} children
 * @param {boolean} isSvg
 */
function drawAll(parent, children, isSvg) {
  /** @type {ChildNode | null} */
  let at = parent.firstChild;
  let place = 0;
  // Mostly nothing came, went or moved: what stands at its place is brought up to date without looking any further.
  for (; at && place < children.length && isMatch(at, children[place]); place++) {
    bring(at, children[place], isSvg);
    at = at.nextSibling;
  }
  if (!at && place === children.length) return;
  const { keyed, others } = standing(at);
  for (const each of children.slice(place)) {
    const found = takeMatch(each, keyed, others);
    const node = found ?? create(each, isSvg);
    if (node === at) at = at?.nextSibling ?? null;
    else parent.insertBefore(node, at);
    bring(node, each, isSvg);
  }
  for (const node of [...keyed.values(), ...others]) discard(node);
}

/**
 * @param {ChildNode} node
 * @param {Node_ | string} wanted
 */
function isMatch(node, wanted) {
  if (typeof wanted === "string") return node.nodeType === 3;
  const was = described.get(/** @type {Element} */ (node));
  return was !== undefined && was.key === wanted.key && was.tag === wanted.tag;
}

/**
 * @param {ChildNode} node
 * @param {Node_ | string} wanted
 * @param {boolean} isSvg
 */
function bring(node, wanted, isSvg) {
  if (typeof wanted !== "string") fill(/** @type {Element} */ (node), wanted, isSvg || wanted.tag === "svg");
  else if (node.nodeValue !== wanted) node.nodeValue = wanted;
}

/** @param {ChildNode | null} first the child from which on it is asked for */
function standing(first) {
  /** @type {Map<string | number, ChildNode>} */
  const keyed = new Map();
  /** @type {Set<ChildNode>} */
  const others = new Set();
  for (let node = first; node; node = node.nextSibling) {
    const key = described.get(/** @type {Element} */ (node))?.key;
    if (key !== undefined && !keyed.has(key)) keyed.set(key, node);
    else others.add(node);
  }
  return { keyed, others };
}

/**
 * @param {Node_ | string} wanted
 * @param {Map<string | number, ChildNode>} keyed
 * @param {Set<ChildNode>} others
 * @returns {ChildNode | undefined}
 */
function takeMatch(wanted, keyed, others) {
  if (typeof wanted !== "string" && wanted.key !== undefined) {
    const node = keyed.get(wanted.key);
    if (!node || !isMatch(node, wanted)) return undefined;
    keyed.delete(wanted.key);
    return node;
  }
  for (const node of others) {
    if (!isMatch(node, wanted)) continue;
    others.delete(node);
    return node;
  }
  return undefined;
}

/**
 * @param {Node_ | string} wanted
 * @param {boolean} isSvg
 * @returns {ChildNode}
 */
function create(wanted, isSvg) {
  if (typeof wanted === "string") return document.createTextNode(wanted);
  const element = isSvg || wanted.tag === "svg" ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag);
  described.set(element, { tag: wanted.tag, key: wanted.key, props: {}, children: [] });
  return element;
}

/**
 * @param {Element} element
 * @param {Node_} wanted
 * @param {boolean} isSvg
 */
function fill(element, wanted, isSvg) {
  const was = described.get(element);
  const before = was?.props ?? {};
  const isNew = was?.children.length === 0 && Object.keys(before).length === 0;
  described.set(element, wanted);
  drawAll(element, wanted.children, isSvg && wanted.tag !== "foreignObject");
  for (const name in before) if (!(name in wanted.props)) write(element, name, undefined, before[name]);
  // Children first: the value of a choice is one of its options.
  for (const name in wanted.props) {
    const value = wanted.props[name];
    if (value !== before[name]) write(element, name, value, before[name]);
  }
  if (isNew && wanted.props["mounted"] && !mounted.has(element)) {
    mounted.add(element);
    queueMicrotask(() => element.isConnected && wanted.props["mounted"](element));
  }
}

/** @type {WeakSet<Element>} */
const mounted = new WeakSet();

/**
 * @param {any} element
 * @param {string} name
 * @param {any} value
 * @param {any} before
 */
function write(element, name, value, before) {
  if (name === "style") return dress(element, value ?? {}, before ?? {});
  if (OWN.has(name)) return;
  // What a listener answers is nobody's business: `false` from a short `a && b()` would undo the click of a checkbox.
  if (name.startsWith("on")) element[name] = value ? (/** @type {Event} */ event) => void value(event) : null;
  else if (PROPERTIES.has(name)) element[name] = value ?? (typeof element[name] === "boolean" ? false : "");
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Styles go through the object model: the page's policy takes none from attributes.
 * @param {HTMLElement} element
 * @param {Record<string, string>} style
 * @param {Record<string, string>} before
 */
function dress(element, style, before) {
  for (const name of Object.keys(before)) if (!(name in style)) element.style.removeProperty(name);
  for (const [name, value] of Object.entries(style)) if (value !== before[name]) element.style.setProperty(name, value);
}

/** @param {ChildNode} node */
function discard(node) {
  if (node.nodeType === 1) leave(/** @type {Element} */ (node));
  node.remove();
}

/** @param {Element} element */
function leave(element) {
  described.get(element)?.props["gone"]?.(element);
  for (const child of element.children) leave(child);
}
