import { escapeHtml } from './html.js';

/** A place where the visitor is signed in. */
export interface SignIn {
  readonly handle: string;
  /** What the browser is called there. */
  readonly label: string;
  /** How long ago it was last seen, in seconds. */
  readonly idle: number;
  /** Whether it is the one that asks. */
  readonly own: boolean;
}

/** The section "Where you are signed in", for who is. */
export function signInsSection(signIns: readonly SignIn[]): string {
  if (signIns.length === 0) {
    return '';
  }
  return `<section class="sign-ins" aria-labelledby="sign-ins">
<h2 id="sign-ins" tabindex="-1">Where you are signed in</h2>
<form method="post" action="/sign-out-elsewhere"><ul>
${signIns.map(place).join('\n')}
</ul>
${signIns.some(({ own }) => !own) ? '<button id="sign-out-elsewhere">Sign out everywhere else</button>' : '<p class="empty">Nowhere else.</p>'}
</form>
</section>`;
}

function place({ handle, label, idle, own }: SignIn): string {
  const id = `place-${handle}`;
  return own
    ? `<li id="${id}"><span class="what">${escapeHtml(label)}<small>This one</small></span></li>`
    : `<li id="${id}"><span class="what">${escapeHtml(label)}<small id="seen-${handle}">Last seen ${ago(idle)}</small></span>
<button class="quiet" name="only" value="${handle}" aria-label="Sign out ${escapeHtml(label)}" aria-describedby="seen-${handle}">Sign out</button></li>`;
}

/** A session tells when it was last used as exactly as its touch threshold, three minutes here: this claims no more. */
function ago(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 5) {
    return 'less than 5 minutes ago';
  }
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
  return minutes < 60 ? relative.format(-minutes, 'minute') : relative.format(-Math.floor(minutes / 60), 'hour');
}
