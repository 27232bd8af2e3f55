/** Somebody who keeps the cookies that they get, whatever is said of their expiry. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly url: string) {}

  /** The names of the cookies that they have, sorted. */
  get names(): readonly string[] {
    return [...this.cookies.keys()].sort();
  }

  /** Loses a cookie. */
  forget(name: string): void {
    this.cookies.delete(name);
  }

  /** What a path answers. */
  async visit(path = ''): Promise<string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(`${this.url}${path}`, { headers: cookie === '' ? {} : { cookie } });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return reply.text();
  }

  /** What the front page answers, so often. */
  async visits(count: number): Promise<readonly string[]> {
    const answers: string[] = [];
    for (let visit = 0; visit < count; visit += 1) {
      answers.push(await this.visit());
    }
    return answers;
  }
}
