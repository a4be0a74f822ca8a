/**
 * Finds the places of a TypeScript source that can be mutated, and writes the source that contains
 * every mutant, each switched on by its number.
 */
import { parseSync } from '@swc/core';
import { editsOf, type Edits } from './edits.ts';

/**
 * A guard accepts or rejects: a condition, a comparison, a choosing call, a call that is made. A
 * value is any other literal.
 */
export type Kind = 'guard' | 'value';

export interface Mutant {
  readonly id: number;
  readonly kind: Kind;
  readonly file: string;
  readonly line: number;
  /**
   * The innermost function, method or constant with a name that contains it; '' at the top level of
   * a file.
   */
  readonly in: string;
  /** The change, such as `=== becomes !==`. */
  readonly what: string;
  /** The changed expression. */
  readonly source: string;
}

export interface Mutated {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

/** A node of the syntax tree, as far as it is used here; positions are bytes, starting at 1. */
interface Node {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

interface Work {
  readonly bytes: Buffer;
  readonly edits: Edits;
  readonly file: string;
  readonly first: number;
  readonly mutants: Mutant[];
  /** Conditions that are already forced to both values; inverting them would add nothing. */
  readonly forced: Set<Node>;
  /** Names of the enclosing declarations, outermost first. */
  readonly names: string[];
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Node).type === 'string' &&
    typeof (value as Node).span === 'object'
  );
}

const start = (node: Node): number => node.span.start - 1;
const end = (node: Node): number => node.span.end - 1;

function textOf({ bytes }: Work, node: Node): string {
  return bytes.toString('utf8', start(node), end(node));
}

function add(work: Work, node: Node, what: string, kind: Kind = 'guard'): number {
  const id = work.first + work.mutants.length;
  const line = work.bytes.toString('utf8', 0, start(node)).split('\n').length;
  work.mutants.push({
    id,
    kind,
    file: work.file,
    line,
    in: work.names.at(-1) ?? '',
    what,
    source: textOf(work, node).replaceAll(/\s+/g, ' ').slice(0, 100),
  });
  return id;
}

function wrap(work: Work, node: Node, before: string, after = ')'): void {
  work.edits.wrap(start(node), end(node), [before, after]);
}

/** A condition that is always true, and one that is always false. */
function force(work: Work, node: Node): void {
  const yes = add(work, node, 'is always true');
  const no = add(work, node, 'is always false');
  wrap(work, node, `__m.force(${yes}, ${no}, `);
  work.forced.add(node);
}

/** Removes one side of a logical operator, which then must not be evaluated either. */
function logical(work: Work, node: Node, operator: string): void {
  const neutral = operator === '&&' ? 'true' : operator === '||' ? 'false' : 'undefined';
  for (const side of ['left', 'right'] as const) {
    const operand = node[side] as Node;
    wrap(
      work,
      operand,
      `(__m.is(${add(work, operand, `is left out of the ${operator}`)}) ? ${neutral} : `,
    );
  }
}

function binary(work: Work, node: Node): void {
  const operator = String(node['operator']);
  if (operator === '&&' || operator === '||' || operator === '??')
    return logical(work, node, operator);
  const [left, right] = [node['left'] as Node, node['right'] as Node];
  if ((operator === '===' || operator === '!==') && !work.forced.has(node))
    return wrap(
      work,
      node,
      `__m.not(${add(work, node, `${operator} becomes ${operator === '===' ? '!==' : '==='}`)}, `,
    );
  if (['<', '<=', '>', '>='].includes(operator)) {
    const boundary = add(
      work,
      node,
      `${operator} becomes ${operator.length === 1 ? `${operator}=` : operator[0]}`,
    );
    const opposite = add(work, node, `${operator} becomes its opposite`);
    wrap(work, node, `__m.compare('${operator}', [${boundary}, ${opposite}], `);
    work.edits.replace(end(left), start(right), ', ');
  }
  if (operator === '-')
    wrap(
      work,
      node,
      `(__m.is(${add(work, node, '- becomes +')}) ? (${textOf(work, left)}) + (${textOf(work, right)}) : `,
    );
}

/** Calls that select or order: the mutant returns what they were called on. */
const OPTIONAL_METHODS = new Set([
  'filter',
  'sort',
  'toSorted',
  'reverse',
  'toReversed',
  'slice',
  'trim',
  'toLowerCase',
  'toUpperCase',
]);
const OTHER_METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  findLast: 'find',
  find: 'findLast',
};

function call(work: Work, node: Node): void {
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return;
  const [object, property] = [callee['object'] as Node, callee['property'] as Node];
  const name = property.type === 'Identifier' ? String(property['value']) : '';
  const other = OTHER_METHODS[name];
  if (OPTIONAL_METHODS.has(name)) {
    // The call moves into its own function, where nothing can be awaited.
    if (/\bawait\b/.test(textOf(work, node))) return;
    work.edits.wrap(start(node), end(node), [
      `__m.without(${add(work, node, `.${name}() is left out`)}, `,
      ')',
    ]);
    work.edits.replace(end(object), end(object), ', (__o) => __o');
  } else if (other !== undefined) {
    work.edits.wrap(start(node), start(node), [
      `__m.other(${add(work, node, `.${name}() becomes .${other}()`)}, `,
      '',
    ]);
    work.edits.replace(end(object), end(property), `, ['${name}', '${other}'])`);
  }
}

/** Calls of the log are for people, and a constructor needs `super()`. */
function isLeftOut(work: Work, node: Node): boolean {
  if (node.type === 'AwaitExpression') return isLeftOut(work, node['argument'] as Node);
  if (node.type !== 'CallExpression') return false;
  const callee = node['callee'] as Node;
  return callee.type !== 'Super' && !/\blog\.(debug|info|warn|error)$/.test(textOf(work, callee));
}

/** Sentences are for people; tests check the names in them, not their wording. */
function isWording(value: string): boolean {
  return /\s/.test(value);
}

const VISITORS: Readonly<Record<string, (work: Work, node: Node) => void>> = {
  BinaryExpression: binary,
  CallExpression: call,
  ConditionalExpression: (work, node) => force(work, node['test'] as Node),
  IfStatement: (work, node) => force(work, node['test'] as Node),
  UnaryExpression: (work, node) => {
    if (node['operator'] === '!' && !work.forced.has(node))
      wrap(work, node, `__m.not(${add(work, node, '! is left out')}, `);
  },
  BooleanLiteral: (work, node) =>
    wrap(
      work,
      node,
      `__m.value(${add(work, node, `becomes ${node['value'] === true ? 'false' : 'true'}`, 'value')}, `,
      `, ${node['value'] === true ? 'false' : 'true'})`,
    ),
  NumericLiteral: (work, node) => {
    const mutant = node['value'] === 1 ? 0 : Number(node['value']) + 1;
    wrap(
      work,
      node,
      `__m.value(${add(work, node, `becomes ${mutant}`, 'value')}, `,
      `, ${mutant})`,
    );
  },
  StringLiteral: (work, node) => {
    const value = String(node['value']);
    if (!isWording(value))
      wrap(
        work,
        node,
        `__m.value(${add(work, node, value === '' ? 'becomes "mutant"' : 'becomes ""', 'value')}, `,
        `, '${value === '' ? 'mutant' : ''}')`,
      );
  },
  ExpressionStatement: (work, node) => {
    if (isLeftOut(work, node['expression'] as Node))
      wrap(work, node, `{ if (!__m.is(${add(work, node, 'is left out')})) { `, ' } }');
  },
};

/** Literals that are names and not values, and positions of types. */
function isWorthVisiting(parent: Node, field: string, node: Node): boolean {
  if (
    node.type.startsWith('Import') ||
    node.type === 'ExportNamedDeclaration' ||
    node.type === 'ExportAllDeclaration'
  )
    return false;
  if (field === 'key' || (field === 'property' && node.type !== 'Computed')) return false;
  if (
    ['TsAsExpression', 'TsSatisfiesExpression', 'TsNonNullExpression', 'TsConstAssertion'].includes(
      parent.type,
    )
  )
    return field === 'expression';
  return !/^Ts(?!AsExpression|SatisfiesExpression|NonNullExpression|ConstAssertion)/.test(
    node.type,
  );
}

const NAMED: Readonly<Record<string, string>> = {
  FunctionDeclaration: 'identifier',
  VariableDeclarator: 'id',
  ClassMethod: 'key',
  ClassProperty: 'key',
  PrivateMethod: 'key',
  MethodProperty: 'key',
};

/** The name for people; the name of a constant only if it contains a function. */
function nameOf(work: Work, node: Node): string | undefined {
  const named = node[NAMED[node.type] ?? ''];
  const held = { VariableDeclarator: 'init', ClassProperty: 'value' }[node.type];
  if (!isNode(named) || (held !== undefined && named.type !== 'Identifier')) return undefined;
  const value = node[held ?? ''];
  if (held !== undefined && !(isNode(value) && value.type === 'ArrowFunctionExpression'))
    return undefined;
  return textOf(work, named).split(':')[0]?.trim();
}

function visit(work: Work, node: Node): void {
  VISITORS[node.type]?.(work, node);
  const name = nameOf(work, node);
  if (name !== undefined) work.names.push(name);
  visitChildren(work, node);
  if (name !== undefined) work.names.pop();
}

function visitChildren(work: Work, node: Node): void {
  for (const [field, value] of Object.entries(node)) {
    for (const child of [value].flat()) visitChild(work, node, field, child);
  }
}

function visitChild(work: Work, parent: Node, field: string, child: unknown): void {
  if (isNode(child)) {
    // `a?.b()` must stay one expression: only what is inside the chain is mutated, not the chain
    // itself.
    if (parent.type === 'OptionalChainingExpression' && field === 'base')
      visitChildren(work, child);
    else if (isWorthVisiting(parent, field, child)) visit(work, child);
    return;
  }
  // Arguments, array elements and declarations wrap their expression in an object without its own
  // type.
  if (typeof child !== 'object' || child === null) return;
  for (const [inner, value] of Object.entries(child))
    if (isNode(value) && isWorthVisiting(parent, inner, value)) visit(work, value);
}

export function mutate(file: string, source: string, first: number): Mutated {
  const work: Work = {
    bytes: Buffer.from(source),
    edits: editsOf(source),
    file,
    first,
    mutants: [],
    forced: new Set(),
    names: [],
  };
  visit(work, parseSync(source, { syntax: 'typescript', target: 'es2024' }) as unknown as Node);
  return { source: work.edits.apply(), mutants: work.mutants };
}
