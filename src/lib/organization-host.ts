import { hostInAscii } from "./host.ts";

const host = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?(?:www\.)?([^/:?#@\s]+\.[^/:?#@\s.]+)/;

/** Hosts that say nothing of who somebody works for: many share them. */
const shared: ReadonlySet<string> = new Set(
  `gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com
   yahoo.com yahoo.co.uk yahoo.fr yahoo.de ymail.com aol.com icloud.com me.com mac.com
   gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru
   yandex.ru yandex.com proton.me protonmail.com zoho.com fastmail.com orange.fr free.fr
   laposte.net wanadoo.fr libero.it comcast.net verizon.net att.net sbcglobal.net btinternet.com
   qq.com 163.com 126.com naver.com linkedin.com facebook.com instagram.com x.com twitter.com`.split(
    /\s+/,
  ),
);

/** The host in punycode that says who somebody works for, of the first domain, website or email address that has one. */
export function organizationHost(texts: readonly (string | null)[]): string | null {
  for (const text of texts) {
    const [, found] = text === null ? [] : (host.exec(text.toLowerCase()) ?? []);
    const ascii = found === undefined ? null : (hostInAscii(found) ?? found);
    if (ascii !== null && !shared.has(ascii)) return ascii;
  }
  return null;
}
