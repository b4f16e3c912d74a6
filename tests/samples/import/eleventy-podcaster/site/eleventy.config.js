import podcaster from 'eleventy-plugin-podcaster'

export default function (eleventyConfig) {
  eleventyConfig.addPlugin(podcaster, { handleDrafts: true, handleExcerpts: true })
  return { dir: { input: 'src' } }
}
