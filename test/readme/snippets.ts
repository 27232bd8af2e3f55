import { resolve } from 'node:path';
import ts from 'typescript';
import type { Fence } from './markdown';

/**
 * A snippet as a module. What a snippet says to be in a stack goes into the constructor of an `ExampleStack`, below its
 * imports; lines keep their numbers.
 */
function asModule({ file, line, code, place }: Fence): string {
  switch (place) {
    case undefined:
      return `${code}export {};`;
    case 'stack': {
      const imports = ts
        .createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest)
        .statements.filter(ts.isImportDeclaration);
      const end = imports.at(-1)?.end ?? 0;
      return (
        `import * as cdk_ from 'aws-cdk-lib'; ${code.slice(0, end)} ` +
        'export class ExampleStack extends cdk_.Stack { ' +
        `constructor(...given: ConstructorParameters<typeof cdk_.Stack>) { super(...given); ${code.slice(end)}}}`
      );
    }
    default:
      throw new Error(`${file}:${line}: a snippet can be in a stack or stand alone, received in: ${place}`);
  }
}

/** What the compiler has against the snippets, under the project's own options, as `file:line: message`. */
export function typeErrors(snippets: readonly Fence[]): readonly string[] {
  const options = { ...projectOptions(), noUnusedLocals: false };
  const host = ts.createCompilerHost(options);
  // Beside the document, as it were, so that what a snippet imports by a relative path is found from there.
  const modules = new Map(snippets.map((snippet) => [resolve(`${snippet.file}.${snippet.line}.ts`), snippet]));
  const { readFile, fileExists } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.readFile = (path) => {
    const snippet = modules.get(path);
    return snippet ? asModule(snippet) : readFile(path);
  };
  const program = ts.createProgram({ rootNames: [...modules.keys()], options, host });
  return [...modules].flatMap(([path, { file, line }]) => {
    const source = program.getSourceFile(path);
    const faults = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return faults.map(({ start = 0, messageText }) => {
      const at = line + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
      return `${file}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

function projectOptions(): ts.CompilerOptions {
  const path = resolve('tsconfig.json');
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) {
    throw new Error(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  }
  return ts.parseJsonConfigFileContent(config, ts.sys, resolve(), undefined, path).options;
}
