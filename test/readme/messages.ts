import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Stands in a message for whatever is filled in. */
const FILLED_IN = '…';

/** A message that is given to an error where it is made. */
export interface Thrown {
  readonly code: string;
  readonly message: string;
}

/** The parts of a program of which messages are made: literals, templates and what is joined of them by `+`. */
export class Messages {
  /** What errors are given together with a literal code, where both are in one place. */
  readonly thrown: readonly Thrown[];
  readonly #patterns: readonly RegExp[];
  /** What was asked before: texts that are little but gaps would be tried on everything over and over. */
  readonly #known = new Map<string, boolean>();

  constructor(folders: readonly string[]) {
    const nodes = folders.flatMap(sources).flatMap(nodesOf);
    const texts = nodes.flatMap((node) => textOf(node) ?? []).filter((text) => text !== FILLED_IN);
    this.#patterns = [...new Set(texts)].map(patternOf);
    this.thrown = nodes.filter(ts.isNewExpression).flatMap(thrownBy);
  }

  /** Whether the program can say this: one of its texts, of which every gap is `…` or filled by another of them. */
  has(message: string): boolean {
    const known = this.#known.get(message) ?? this.#patterns.some((pattern) => this.#fits(message, pattern));
    this.#known.set(message, known);
    return known;
  }

  /** Whether a message is this text, with its gaps filled so. */
  fits(message: string, text: string): boolean {
    return this.#fits(message, patternOf(text));
  }

  #fits(message: string, pattern: RegExp): boolean {
    const fillings = pattern.exec(message)?.slice(1);
    return fillings?.every((filling) => filling === FILLED_IN || this.has(filling)) ?? false;
  }
}

/** The members of a union of literal texts that a file exports. */
export function unionOf(file: string, name: string): readonly string[] {
  const union = nodesOf(parse(file)).find((node) => ts.isTypeAliasDeclaration(node) && node.name.text === name);
  const members = union === undefined ? [] : nodesOf(union).filter(ts.isLiteralTypeNode);
  return members.flatMap(({ literal }) => textOf(literal) ?? []);
}

function sources(folder: string): readonly ts.SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !/(?:^|\/)(?:dist|node_modules)\//.test(path))
    .map((path) => parse(join(folder, path)));
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
}

/** A node and all below it. What texts are made of is passed over: half a message is none. */
function nodesOf(node: ts.Node): readonly ts.Node[] {
  const below: ts.Node[] = [];
  if (textOf(node) === undefined) {
    node.forEachChild((child) => {
      below.push(child);
    });
  } else {
    below.push(...fillingsOf(node));
  }
  return [node, ...below.flatMap(nodesOf)];
}

/** A text as it stands in the source, with `…` for what is filled in. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
    return node.text;
  }
  if (ts.isTemplateExpression(node)) {
    return once(node.templateSpans.reduce((text, { literal }) => text + FILLED_IN + literal.text, node.head.text));
  }
  if (!isSum(node)) {
    return undefined;
  }
  const [left, right] = [textOf(node.left), textOf(node.right)];
  const isText = left !== undefined || right !== undefined;
  return isText ? once((left ?? FILLED_IN) + (right ?? FILLED_IN)) : undefined;
}

function fillingsOf(node: ts.Node): readonly ts.Node[] {
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.map(({ expression }) => expression);
  }
  return isSum(node)
    ? [node.left, node.right].flatMap((side) => (textOf(side) === undefined ? [side] : fillingsOf(side)))
    : [];
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function thrownBy(node: ts.NewExpression): readonly Thrown[] {
  const [code, message] = node.arguments?.map(textOf) ?? [];
  return code?.startsWith('ERR_') && message !== undefined ? [{ code, message }] : [];
}

/** Of two gaps without anything between them nobody can tell which is which. */
function once(text: string): string {
  return text.replaceAll(/…{2,}/g, FILLED_IN);
}

function patternOf(text: string): RegExp {
  const fixed = text.split(FILLED_IN).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${fixed.join('(.+?)')}$`, 's');
}
