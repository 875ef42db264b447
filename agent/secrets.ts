/**
 * What nobody should read in a log: consoles are recorded, log servers and reports are read by many. Command line,
 * addresses and mount options are quoted in messages, and may hold a password.
 */

/**
 * `//user:password@` and `//token@` in an address, up to the last `@`: a password that is not quoted may hold one, and a
 * slash, where what is before that is no port.
 */
const USER_INFO = /\/\/(?:[^/\s"]*|[^/\s"[\]:@]+:(?!\d*\/)[^\s"]{0,200})@/g;

/** `password=…` as a parameter or mount option, up to the next blank, comma, ampersand or quote; all of a quoted value. */
const NAMED =
  /((?:pass|password|passwd|passphrase|pwd|secret|token|psk|apikey|api_key)=)(?:"[^"]*"|[^\s,&";]*)/gi;

/** A header that a server quotes. */
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/-]{8,}=*/g;

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** The text with `***` in place of each secret. */
export function withoutSecrets(text: string): string {
  return text
    .replace(PRIVATE_KEY, "***")
    .replace(USER_INFO, "//***@")
    .replace(NAMED, "$1***")
    .replace(BEARER, "$1 ***");
}
