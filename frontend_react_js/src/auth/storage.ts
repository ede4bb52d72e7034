/** Where the tokens of this window are kept.
 *
 * All windows share one sign-in, as people expect, until one says that it is for somebody else: from then on it keeps
 * its own, as long as it is open. So two people can sit side by side in two windows of one browser.
 */

const OWN = "cruddur.own-window";

export const isOwnWindow = (): boolean => sessionStorage.getItem(OWN) !== null;

/** From here on this window has a sign-in of its own. */
export const becomeOwnWindow = (): void => sessionStorage.setItem(OWN, "1");

const kept = (): Storage => (isOwnWindow() ? sessionStorage : localStorage);

/** In the form that Amplify asks for. */
export const tokenStorage = {
  setItem: async (key: string, value: string) => kept().setItem(key, value),
  getItem: async (key: string) => kept().getItem(key),
  removeItem: async (key: string) => kept().removeItem(key),
  clear: async () => kept().clear(),
};
